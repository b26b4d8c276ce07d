"""The layout of a run: where its files lie, known without torch, so that runs can be listed at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from hitzoo.spec.folder import RUN_SPEC_NAME

ANY_STEP = "step-*"  # as a pattern of files
_STEP = re.compile(r"step-([0-9]{1,12})")
_CHECKPOINTS = "checkpoints"


@dataclass(frozen=True)
class RunPaths:
    """The files and folders inside a run's folder `path`."""

    path: Path

    @property
    def spec(self) -> Path:
        """The spec with every default written out."""
        return self.path / RUN_SPEC_NAME

    @property
    def about(self) -> Path:
        """Seed, spec, identities, and command, device and versions of every session."""
        return self.path / "run.json"

    @property
    def metrics(self) -> Path:
        """The metrics, one JSON object per line."""
        return self.path / "metrics.jsonl"

    @property
    def best(self) -> Path:
        """The checkpoint that was judged best, and by what."""
        return self.path / "best.json"

    @property
    def samples(self) -> Path:
        """Grids of the averaged generator at fixed latents."""
        return self.path / "samples"

    @property
    def checkpoints(self) -> Path:
        """Model folders with training state."""
        return self.path / _CHECKPOINTS

    @property
    def evaluations(self) -> Path:
        """The numbers of each evaluation, with its protocol."""
        return self.path / "evaluations"

    @property
    def tensorboard(self) -> Path:
        """Event files, where the tensorboard package was there."""
        return self.path / "tensorboard"

    def checkpoint(self, step: int) -> Path:
        """The checkpoint of a step."""
        return self.checkpoints / step_name(step)

    def grid(self, step: int) -> Path:
        """The grid of samples of a step."""
        return self.samples / f"{step_name(step)}.png"

    def evaluation(self, checkpoint: str) -> Path:
        """The run's own evaluation of a checkpoint, by its name."""
        return self.evaluations / f"{checkpoint}.json"

    def is_run(self) -> bool:
        """Check for the record of a run."""
        return self.about.is_file()

    def saved(self) -> list[Path]:
        """The checkpoints that are there, oldest first; none for any other folder."""
        return checkpoints(self.checkpoints)


def step_name(step: int) -> str:
    """Write a step as checkpoints, grids and evaluations are named by it: `step-00001000`."""
    return f"step-{step:08d}"


def step_of(name: str) -> int | None:
    """Read the step of such a name; None for any other."""
    found = _STEP.fullmatch(name)
    return int(found[1]) if found else None


def checkpoints(folder: Path) -> list[Path]:
    """List the checkpoints `step-00001000`, … in a folder, oldest first."""
    found = [(step, path) for path in folder.glob(ANY_STEP) if (step := step_of(path.name)) is not None]
    return [path for _, path in sorted(found)]


def run_of(checkpoint: Path) -> RunPaths | None:
    """Find the run that a model folder is a checkpoint of, by where it lies; None for any other folder."""
    return RunPaths(checkpoint.parent.parent) if checkpoint.parent.name == _CHECKPOINTS else None
