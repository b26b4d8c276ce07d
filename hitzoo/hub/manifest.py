"""The list of a published model's files: `manifest.json` holds size and sha256 of every other file.

The Hub's client compares sizes only; this list is what shows one altered byte, whichever way the file came.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hitzoo.errors import WeightsError
from hitzoo.zoo.file_digests import FileDigest, digests_of, from_json, problems_of, to_json
from hitzoo.zoo.model_layout import MANIFEST_NAME

FORMAT = 1
LARGEST_TEXT = 1 << 20  # bytes of a config, spec or manifest; each has a few thousand
_SIZE = "size"


@dataclass(frozen=True)
class Manifest:
    """The files of a published model by their path in it."""

    files: Mapping[str, FileDigest]

    def __str__(self) -> str:
        listed = to_json(dict(sorted(self.files.items())), _SIZE)
        return json.dumps({"hitzoo_manifest": FORMAT, "files": listed}, indent=2) + "\n"

    def problems(self, folder: Path, names: Iterable[str]) -> dict[str, str]:
        """Say what is wrong with each of these files that is not the one listed."""
        return problems_of(folder, self.files, names, MANIFEST_NAME)


def manifest_of(files: Mapping[str, Path]) -> Manifest:
    """List files as they are now, by the paths they will have."""
    return Manifest(digests_of(files))


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
    return Manifest(from_json(data["files"], _SIZE))


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
