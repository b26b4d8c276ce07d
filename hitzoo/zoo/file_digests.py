"""A list of files with size and sha256 of each, by which one that is cut or altered is seen.

The index of a checkpoint and the manifest of a published model are such lists; they differ in what they call the size.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hitzoo.files import reason_of
from hitzoo.zoo.bounds import as_size

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class FileDigest:
    """The size in bytes and the sha256 that a file must have."""

    size: int
    sha256: str

    def problem(self, path: Path, name: str, listed_in: str) -> str:
        """Say what is wrong with the file at `path`; empty where it is the one that was listed."""
        try:
            if not path.is_file():
                return f"{name} is missing"
            found = path.stat().st_size
            if found != self.size:
                return f"{name} is cut: {found:,} of {self.size:,} bytes" if found < self.size else f"{name} has grown"
            same = sha256_of(path) == self.sha256
            return "" if same else f"{name} was altered: its sha256 is not the one in {listed_in}"
        except OSError as error:
            return f"{name} cannot be read: {reason_of(error, reading=True)}"


def digests_of(files: Mapping[str, Path]) -> dict[str, FileDigest]:
    """List files as they are now, under the names they have in the list, in that order."""
    return {name: FileDigest(path.stat().st_size, sha256_of(path)) for name, path in files.items()}


def problems_of(
    folder: Path, digests: Mapping[str, FileDigest], names: Iterable[str], listed_in: str
) -> dict[str, str]:
    """Say what is wrong with each of the named files of a folder that is not the one listed."""
    found: dict[str, str] = {}
    for name in names:
        digest = digests.get(name)
        problem = digest.problem(folder / name, name, listed_in) if digest else f"{name} is not listed in {listed_in}"
        if problem:
            found[name] = problem
    return found


def to_json(digests: Mapping[str, FileDigest], size_key: str) -> dict[str, dict[str, Any]]:
    """Convert to JSON values, with the size under `size_key`."""
    return {name: {size_key: digest.size, "sha256": digest.sha256} for name, digest in digests.items()}


def from_json(entries: Any, size_key: str) -> dict[str, FileDigest]:
    """Read such values, which anybody may have written.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: they are no list of files.
    """
    return {str(name): _entry(name, value[size_key], value["sha256"]) for name, value in entries.items()}


def sha256_of(path: Path) -> str:
    """Compute the sha256 of a file's bytes, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _entry(name: str, size: Any, digest: Any) -> FileDigest:
    if as_size(size) is None:
        raise ValueError(f"the size of {name} is not a number of bytes")
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise ValueError(f"the sha256 of {name} is {digest!r}")
    return FileDigest(size, digest)
