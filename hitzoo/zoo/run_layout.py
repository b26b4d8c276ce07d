"""Where the files of a run lie; known without torch, so that runs can be listed at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunPaths:
    """The files and folders inside a run's folder `path`."""

    path: Path

    @property
    def spec(self) -> Path:
        """The spec with every default written out."""
        return self.path / "spec.yaml"

    @property
    def about(self) -> Path:
        """Seed, spec, identities, and command, device and versions of every session."""
        return self.path / "run.json"

    @property
    def metrics(self) -> Path:
        """One JSON object a line."""
        return self.path / "metrics.jsonl"

    @property
    def best(self) -> Path:
        """Which checkpoint was judged best, and by what."""
        return self.path / "best.json"

    @property
    def samples(self) -> Path:
        """Grids of the averaged generator at fixed latents."""
        return self.path / "samples"

    @property
    def checkpoints(self) -> Path:
        """Model folders with training state."""
        return self.path / "checkpoints"

    @property
    def evaluations(self) -> Path:
        """What each evaluation found, with its protocol."""
        return self.path / "evaluations"

    @property
    def tensorboard(self) -> Path:
        """Event files, where the tensorboard package was there."""
        return self.path / "tensorboard"
