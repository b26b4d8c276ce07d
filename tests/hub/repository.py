"""A repository of the loopback Hub: commits of files, branches and tags, as far as the Hub's client can tell."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import yaml

LARGE = (".safetensors", ".png", ".npz")  # what the Hub keeps in its storage, besides what is large


@dataclass(frozen=True)
class File:
    """One file of a commit; of what lies in xet storage sha256 and size are `known`, the content is not here."""

    content: bytes
    large: bool
    known: tuple[str, int] | None = None

    @property
    def sha256(self) -> str:
        return self.known[0] if self.known else hashlib.sha256(self.content).hexdigest()

    @property
    def size(self) -> int:
        return self.known[1] if self.known else len(self.content)

    @property
    def pointer(self) -> bytes:
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {self.size}\n".encode()

    @property
    def blob_id(self) -> str:
        """What git has: of a large file its pointer."""
        kept = self.pointer if self.large else self.content
        return hashlib.sha1(f"blob {len(kept)}\0".encode() + kept).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.large else self.blob_id

    def lfs(self) -> dict[str, Any]:
        return {"sha256": self.sha256, "oid": self.sha256, "size": self.size, "pointerSize": len(self.pointer)}


@dataclass(frozen=True)
class Commit:
    oid: str
    message: str
    files: dict[str, File]


@dataclass
class Repository:
    """`granted` are those who may read it though it is gated; the owner always may."""

    repo_id: str
    private: bool = False
    gated: str | bool = False
    disabled: bool = False
    granted: set[str] = field(default_factory=set)
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        attributes = "".join(f"*{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in LARGE)
        self.commit("main", {".gitattributes": File(attributes.encode(), large=False)}, message="initial commit")

    @property
    def owner(self) -> str:
        return self.repo_id.split("/")[-2]

    @property
    def head(self) -> Commit:
        return self.commits[self.branches["main"]]

    def find(self, revision: str) -> Commit | None:
        return self.commits.get(self.branches.get(revision) or self.tags.get(revision) or revision)

    def commit(
        self, branch: str, changed: dict[str, File], removed: tuple[str, ...] = (), message: str = "a change"
    ) -> Commit:
        files = dict(self.commits[self.branches[branch]].files) if branch in self.branches else {}
        files = {name: file for name, file in files.items() if name not in removed} | changed
        listed = json.dumps([len(self.commits), message, {name: file.etag for name, file in sorted(files.items())}])
        made = Commit(hashlib.sha1(listed.encode()).hexdigest(), message, files)
        self.commits[made.oid] = made
        self.branches[branch] = made.oid
        return made

    def write(self, name: str, content: bytes | str, message: str = "a change by hand") -> Commit:
        """Somebody changes one file on the Hub's page."""
        raw = content.encode() if isinstance(content, str) else content
        return self.commit("main", {name: File(raw, large=is_large(name, raw))}, message=message)

    def read(self, name: str) -> bytes:
        return self.head.files[name].content

    def info(self, commit: Commit) -> dict[str, Any]:
        """What `GET /api/models/R/revision/REV?blobs=true` answers."""
        readme = commit.files.get("README.md")
        return {
            "_id": "0",
            "id": self.repo_id,
            "modelId": self.repo_id,
            "author": self.owner,
            "sha": commit.oid,
            "private": self.private,
            "gated": self.gated,
            "disabled": self.disabled,
            "downloads": 7,
            "likes": 1,
            "lastModified": "2026-01-31T12:00:00.000Z",
            "createdAt": "2026-01-31T12:00:00.000Z",
            "tags": [],
            "cardData": front_matter(readme.content.decode()) if readme else None,
            "siblings": [sibling(name, file) for name, file in sorted(commit.files.items())],
        }


def sibling(name: str, file: File) -> dict[str, Any]:
    entry = {"rfilename": name, "size": file.size, "blobId": file.blob_id}
    return entry | ({"lfs": file.lfs()} if file.large else {})


def is_large(name: str, content: bytes, size: int | None = None) -> bool:
    return name.endswith(LARGE) or b"\0" in content[:512] or (len(content) if size is None else size) > 10_000_000


def front_matter(readme: str) -> Any:
    """The data at the head of a card; `yaml.YAMLError` where it is none."""
    parts = readme.split("---", 2)
    return yaml.safe_load(parts[1]) if len(parts) == 3 and not parts[0].strip() else None
