"""`hitzoo.load`: a trained model by name."""

from __future__ import annotations

from pathlib import Path

import torch

from hitzoo.hub.bars import Progress
from hitzoo.sampling.generator import Generator


def load(model: str | Path, *, device: str | torch.device = "auto", progress: Progress | None = None) -> Generator:
    """Load a trained generator: a model of the zoo, a run, a model folder, or a model of the Hub.

        hitzoo.load("hit-ti-shapes32")
        hitzoo.load("runs/photos@best", device="cuda")
        hitzoo.load("ORG/NAME@v1")

    Args:
        model: the name of a model of the zoo, a model folder, the folder of a run (its newest checkpoint), one
            checkpoint of it (`runs/x@best`, `runs/x@1000`), another average of one (`runs/x:100000`; `runs/x@best:live`
            is the generator itself), or `ORG/NAME[@REVISION]` on the Hub. A name of the zoo goes before a folder, a
            folder before the Hub; `./name` and a `Path` are always the folder, `hf:ORG/NAME` is always the Hub. A
            damaged checkpoint is passed over with a logged warning.
        device: `auto` (CUDA where there is one, else MPS, else the CPU), `cpu`, `cuda`, `cuda:1`, `mps`.
        progress: called with (bytes done, bytes in all) while weights come from the Hub.

    Returns:
        The generator in evaluation mode.

    Raises:
        UnknownNameError: nothing has that name.
        WeightsError: there are no weights, or they are damaged or of another network.
        HubError: the Hub refuses, cannot be reached, or holds something else.
    """
    return Generator.from_pretrained(model, device=device, progress=progress)
