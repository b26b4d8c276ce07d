"""The checksum that travels in a weights file: sha256 of its body, in the `hitzoo` object of its header.

The header's own damage shows by itself: names, shapes and dtypes are compared with the network. Files of before there
were checksums have none and stay usable.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

KEY = "sha256"
PLACEHOLDER = "0" * 64
_LENGTH = 8  # bytes at the beginning that say how long the header is
_AT_ONCE = 1 << 22  # bytes


@dataclass(frozen=True)
class Digests:
    """Digests of a weights file: sha256 of all its bytes, and of its body, which is what follows the header."""

    file: str
    body: str


def digests_of(path: Path) -> Digests:
    """Both in one pass.

    Raises:
        OSError: it cannot be read.
    """
    whole, body = hashlib.sha256(), hashlib.sha256()
    with path.open("rb") as file:
        length = file.read(_LENGTH)
        header = file.read(int.from_bytes(length, "little"))
        whole.update(length)
        whole.update(header)
        while part := file.read(_AT_ONCE):
            whole.update(part)
            body.update(part)
    return Digests(file=whole.hexdigest(), body=body.hexdigest())


def enter_checksum(path: Path) -> None:
    """Put the body's sha256 in the place that a just written header keeps for it, `PLACEHOLDER` under `KEY`."""
    body = digests_of(path).body
    with path.open("r+b") as file:
        length = int.from_bytes(file.read(_LENGTH), "little")
        mark = f'\\"{KEY}\\": \\"'.encode()
        place = file.read(length).index(mark + PLACEHOLDER.encode()) + _LENGTH + len(mark)
        file.seek(place)
        file.write(body.encode())
