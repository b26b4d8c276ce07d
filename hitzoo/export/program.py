"""torch.export's own format, .pt2: read by any Python with torch, and by compilers built on it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import torch
from numpy.typing import NDArray
from torch.export import ExportedProgram

from hitzoo.export.format import Network

METADATA_FILE = "hitzoo.json"  # among the archive's extra files


class TorchFormat:
    """An archive of the graph as JSON and the weights as bytes (torch 2.15; 2.8 still wrote the weights as pickles)."""

    suffix = ".pt2"
    opset = None

    def check_possible(self) -> None:
        """Nothing to check: torch is enough."""

    def write(self, program: ExportedProgram, path: Path, metadata: Mapping[str, str], input: str, output: str) -> None:
        """Write the program, which names its input itself, with `metadata` as a JSON object among its extra files."""
        archive = io.BytesIO()  # a write that fails in torch's own writer, as on a full disk, aborts the process
        torch.export.save(program, archive, extra_files={METADATA_FILE: json.dumps(metadata, sort_keys=True)})
        # Not getbuffer(): where the write fails, collecting its view as garbage crashes CPython 3.12.1. Neither copies.
        path.write_bytes(archive.getvalue())

    def read_metadata(self, path: Path) -> dict[str, str]:
        """Read the JSON object among its extra files."""
        try:
            with ZipFile(path) as archive:
                name = next(name for name in archive.namelist() if name.endswith(f"/{METADATA_FILE}"))
                found = json.loads(archive.read(name))
        except (OSError, BadZipFile, StopIteration, ValueError, NotImplementedError):
            return {}
        return found if isinstance(found, dict) else {}

    def open(self, path: Path) -> Network:
        """Load the file."""
        with path.open("rb") as file:
            network = torch.export.load(file).module()

        @torch.no_grad()
        def run(inputs: NDArray[Any]) -> NDArray[Any]:
            outputs: torch.Tensor = network(torch.from_numpy(inputs))
            return outputs.numpy()

        return run
