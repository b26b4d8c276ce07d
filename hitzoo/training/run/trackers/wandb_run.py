"""Weights & Biases. Its own variables say where: WANDB_PROJECT, WANDB_ENTITY, WANDB_DIR, WANDB_MODE, WANDB_API_KEY."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hitzoo.sampling.pictures import to_picture
from hitzoo.training.run.trackers.tracked_run import PROJECT, TrackedRun


class WandbRun:
    """A run at Weights & Biases; without a key it stays on this machine, to be sent by `wandb sync`."""

    writing = True

    def __init__(self, run: TrackedRun, note: Callable[[str], None]) -> None:
        import wandb

        mode = os.environ.get("WANDB_MODE")
        if not mode and not _has_key(wandb):
            mode = "offline"
            note("wandb: no API key is known, so the run is kept here (./wandb, or $WANDB_DIR); later: wandb sync DIR")
        self._image = wandb.Image
        self._run: Any = wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            name=run.name,
            id=run.identity,
            resume="allow" if run.resumed and mode not in ("offline", "dryrun", "disabled") else None,
            config=dict(run.config),
            mode=mode or None,
            settings=wandb.Settings(silent=True, console="off", disable_code=True, disable_git=True, save_code=False),
        )
        self._run.define_metric("step")
        self._run.define_metric("*", step_metric="step")  # a resumed run may go on from before what it told

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """One point of each curve."""
        self._run.log({"step": step, **values})

    def grid(self, step: int, name: str, pixels: NDArray[np.uint8]) -> None:
        """A picture (H, W, 1|3|4)."""
        self._run.log({"step": step, name: self._image(to_picture(pixels))})

    def close(self) -> None:
        """Send what is left."""
        self._run.finish()


def _has_key(wandb: Any) -> bool:
    """Ask the library, which would ask the user else."""
    try:
        return bool(wandb.login(prompt=False))
    except TypeError:  # a release before it knew the word
        return bool(wandb.api.api_key)
