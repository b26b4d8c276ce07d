"""Raw numbers of many images in one .npy file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np

from hitzoo.targets import Target, stream_target


@contextmanager
def raw_file(path: Path, shape: tuple[int, ...], *, force: bool) -> Iterator[Target]:
    """Open an .npy file of float32 that is written as images come, and appears under its name when all have."""
    header = BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": shape})
    with stream_target(path, force=force) as file:
        file.write(header.getvalue())
        yield file
