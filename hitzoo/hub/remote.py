"""A Hub's description of a repository, checked: anybody may have written it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hitzoo.zoo.bounds import as_size


@dataclass(frozen=True)
class RemoteFile:
    """The Hub's entry for a file: `sha256` of large ones, `oid` (git's) of small ones."""

    size: int | None
    sha256: str | None
    oid: str | None


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A repository at one commit; `card` is the front matter of its README, `None` stands for what was not said."""

    repo_id: str
    commit: str
    files: Mapping[str, RemoteFile]
    card: Mapping[str, Any]
    private: bool = False
    gated: bool = False
    downloads: int | None = None
    likes: int | None = None
    modified: str | None = None


@dataclass(frozen=True)
class Header:
    """The header of a weights file: dtype and shape of every tensor, and the file's metadata."""

    tensors: Mapping[str, tuple[str, tuple[int, ...]]]
    metadata: Mapping[str, str]


def remote_file(file: Any) -> RemoteFile:
    """Read the entry of a file; malformed fields are left empty."""
    sha256, oid = file.lfs.sha256 if file.lfs else None, file.blob_id
    return RemoteFile(as_size(file.size), *(text if isinstance(text, str) else None for text in (sha256, oid)))
