"""The list of a published model's files: `manifest.json` holds size and sha256 of every other file.

The Hub's client compares sizes only; this list is what shows one altered byte, whichever way the file came.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hitzoo.errors import WeightsError
from hitzoo.zoo.checkpoint_index import file_problem, sha256_of

MANIFEST_NAME = "manifest.json"
FORMAT = 1
LARGEST_TEXT = 1 << 20  # bytes of a config, spec or manifest; each has a few thousand
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Entry:
    """What one file must be."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The files of a published model by their path in it."""

    files: Mapping[str, Entry]

    def __str__(self) -> str:
        listed = {name: {"size": entry.size, "sha256": entry.sha256} for name, entry in sorted(self.files.items())}
        return json.dumps({"hitzoo_manifest": FORMAT, "files": listed}, indent=2) + "\n"

    def problems(self, folder: Path, names: Iterable[str]) -> dict[str, str]:
        """What is wrong with each of these files that is not the one listed."""
        found = {name: self._problem(folder / name, name) for name in names}
        return {name: problem for name, problem in found.items() if problem}

    def _problem(self, path: Path, name: str) -> str:
        entry = self.files.get(name)
        if entry is None:
            return f"{name} is not listed in {MANIFEST_NAME}"
        return file_problem(path, name, entry.size, entry.sha256, MANIFEST_NAME)


def manifest_of(files: Mapping[str, Path]) -> Manifest:
    """The list of files as they are now, by the paths they will have."""
    return Manifest({name: Entry(path.stat().st_size, sha256_of(path)) for name, path in files.items()})


def read_manifest(path: Path) -> Manifest:
    """The manifest of a folder.

    Raises:
        WeightsError: it is missing, or not a manifest.
    """
    try:
        return parse_manifest(read_small(path))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise WeightsError(f"{path} is not the manifest of a hitzoo model: {error}") from None


def parse_manifest(text: str) -> Manifest:
    """The manifest that a text holds; `ValueError`, `TypeError`, `KeyError` or `AttributeError` where it holds none."""
    data = json.loads(text)
    if data["hitzoo_manifest"] != FORMAT:
        raise ValueError(f"format {data['hitzoo_manifest']!r}, this hitzoo reads format {FORMAT}")
    return Manifest({str(name): _entry(name, value) for name, value in data["files"].items()})


def read_small(path: Path) -> str:
    """A text file that came from elsewhere, refused unread where it is larger than any of ours."""
    try:
        if path.stat().st_size > LARGEST_TEXT:
            raise WeightsError(f"{path} is larger than it can be ({LARGEST_TEXT:,} bytes)")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise WeightsError(f"{path} is not UTF-8 text") from None


def _entry(name: str, value: Mapping[str, object]) -> Entry:
    size, digest = value["size"], value["sha256"]
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < 1 << 63:
        raise ValueError(f"the size of {name} is not a number of bytes")
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise ValueError(f"the sha256 of {name} is {digest!r}")
    return Entry(size, digest)
