"""Trackio, Hugging Face's tracker: on this machine, or in a Space that TRACKIO_SPACE_ID names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hitzoo.training.run.trackers.tracked_run import PROJECT, TrackedRun


class TrackioRun:
    """A run in Trackio's project `hitzoo`, or $TRACKIO_PROJECT; it is found again by its name."""

    writing = True

    def __init__(self, run: TrackedRun) -> None:
        import trackio

        self._image = trackio.Image
        self._run: Any = trackio.init(
            project=os.environ.get("TRACKIO_PROJECT", PROJECT),
            name=f"{run.name}-{run.identity[:6]}",
            space_id=os.environ.get("TRACKIO_SPACE_ID"),
            config=dict(run.config),
            resume="allow",
        )

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """One point of each curve."""
        self._run.log(dict(values), step=step)

    def grid(self, step: int, name: str, pixels: NDArray[np.uint8]) -> None:
        """A picture (H, W, 1|3|4)."""
        rgb = np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels
        self._run.log({name: self._image(rgb)}, step=step)

    def close(self) -> None:
        """Store what is left."""
        self._run.finish()
