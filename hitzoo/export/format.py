"""What a file format of `hitzoo.export.write` has to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from torch.export import ExportedProgram

Network: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""An exported file at work: latents [B, latent_dim] -> images [B, image_channels, R, R]."""


class ExportFormat(Protocol):
    """Writes a traced network to a file, and runs such a file."""

    @property
    def suffix(self) -> str:
        """How its files' names end."""

    @property
    def opset(self) -> int | None:
        """The version of its operators, where they have versions."""

    def check_possible(self) -> None:
        """Say at once, before any work, what this machine lacks.

        Raises:
            RequestError: a package is missing.
        """

    def write(self, program: ExportedProgram, path: Path, metadata: Mapping[str, str]) -> None:
        """The program and what is said of it into one file.

        Raises:
            RequestError: it is more than such a file can hold.
        """

    def read_metadata(self, path: Path) -> dict[str, str]:
        """What a written file says of itself; nothing where it is not one."""

    def open(self, path: Path) -> Network:
        """The network of a written file, on the CPU."""
