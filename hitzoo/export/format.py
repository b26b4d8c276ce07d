"""Interface of a file format of `hitzoo.export.write`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from numpy.typing import NDArray
from torch.export import ExportedProgram

Network: TypeAlias = Callable[[NDArray[Any]], NDArray[Any]]
"""An exported file at work, as latents [B, latent_dim] -> images [B, image_channels, R, R]."""


class ExportFormat(Protocol):
    """Writes a traced network to a file, and runs such a file."""

    @property
    def suffix(self) -> str:
        """Suffix of its files."""

    @property
    def opset(self) -> int | None:
        """Version of its operator set, if it has one."""

    def check_possible(self) -> None:
        """Check, before any work, that this machine can write the format.

        Raises:
            RequestError: a package is missing.
        """

    def write(self, program: ExportedProgram, path: Path, metadata: Mapping[str, str], input: str, output: str) -> None:
        """Write the program, the names of its input and output, and its metadata to one file.

        Raises:
            RequestError: it is larger than such a file can be.
        """

    def read_metadata(self, path: Path) -> dict[str, str]:
        """Read a file's metadata; empty for any other file."""

    def open(self, path: Path) -> Network:
        """Load the network of a written file, on the CPU."""
