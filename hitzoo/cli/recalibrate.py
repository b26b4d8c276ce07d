"""`hitzoo recalibrate`: a model whose batch norms have new statistics."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hitzoo.cli.options import DeviceOption, ForceOption, ModelArgument, ModelOption
from hitzoo.cli.threads import ThreadsOption


def recalibrate(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Model folder to write.", show_default=False)],
    name: ModelArgument = None,
    model: ModelOption = None,
    latents: Annotated[
        int, typer.Option(metavar="N", min=2, max=10_000_000, help="Samples to take the statistics over.")
    ] = 10_000,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of the latents.")] = 0,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    force: ForceOption = False,
) -> None:
    """Take the statistics of a model's batch norms anew over samples, and write the model as another folder.

    Its weights stay; whether its images are better, `hitzoo eval` says. A run whose spec has recalibrate in
    training.ema does this by itself whenever it evaluates or saves.
    """
    from hitzoo.cli import console, progress
    from hitzoo.cli.models import chosen_model, load_model
    from hitzoo.targets import check_folder
    from hitzoo.zoo.model_layout import MODEL_FILES

    chosen = chosen_model(name, model)
    check_folder(out, MODEL_FILES, force=force)
    generator = load_model(chosen, device, None)
    from hitzoo.sampling.recalibrated import recalibrated

    with progress.spinner(f"recalibrating {generator.name}"):
        found = recalibrated(generator, latents=latents, seed=seed)
        found.save_pretrained(out, force=force)
    console.print_line(f"wrote {out}, recalibrated over {found.metadata['recalibrated']:,} samples: hitzoo eval {out}")
