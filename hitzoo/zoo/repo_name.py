"""Names of models on the Hub: `ORG/NAME`, `ORG/NAME@v1`, with `hf:` before it where a folder has that path."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hitzoo.errors import RequestError
from hitzoo.zoo.pasted import as_meant

PREFIX = "hf:"
MAIN = "main"
_FORM = "write ORG/NAME or ORG/NAME@REVISION, for example acme/hit-b-ffhq256@v1"
_PART = r"[A-Za-z0-9](?:[\w.-]*\w)?"
_REPO = re.compile(rf"{_PART}/{_PART}", re.ASCII)
_REVISION = re.compile(r"[A-Za-z0-9][\w./+-]*", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_LONGEST = 96  # letters of a repository's name; the Hub's own limit


@dataclass(frozen=True)
class RepoName:
    """A repository on the Hub and which of its versions: a tag, a branch or a commit."""

    repo_id: str
    revision: str = MAIN

    def __str__(self) -> str:
        return self.repo_id if self.revision == MAIN else f"{self.repo_id}@{self.revision}"

    @property
    def is_commit(self) -> bool:
        """True where the revision can mean nothing else."""
        return is_commit(self.revision)

    @property
    def owner(self) -> str:
        """The user or organisation."""
        return self.repo_id.split("/")[0]


def is_commit(revision: str) -> bool:
    """Check for a whole commit hash."""
    return bool(_COMMIT.fullmatch(revision))


def is_repo_name(text: str) -> bool:
    """Check for a text that can only, or also, mean a model on the Hub."""
    try:
        parse_repo_name(text)
    except RequestError:
        return False
    return True


def parse_repo_name(text: str) -> RepoName:
    """The repository and revision that a text names, also as an address: `https://huggingface.co/ORG/NAME/tree/v1`.

    Raises:
        RequestError: it names none.
    """
    repo_id, at, revision = as_meant(text).partition("@")
    if not _REPO.fullmatch(repo_id) or "--" in repo_id or ".." in repo_id or len(repo_id) > _LONGEST:
        raise RequestError(f"'{text[:120]}' is not the name of a model on the Hub; {_FORM}")
    if at:
        check_revision(revision, text)
    return RepoName(repo_id, revision or MAIN)


def check_revision(revision: str, text: str = "") -> str:
    """The revision itself, if git would take it for one: it becomes the name of a file in the cache.

    Raises:
        RequestError: it cannot be one.
    """
    odd = ".." in revision or "//" in revision or "/." in revision or revision.endswith((".lock", "/", "."))
    if not _REVISION.fullmatch(revision) or odd or len(revision) > _LONGEST:
        where = f" in '{text[:120]}'" if text else ""
        raise RequestError(
            f"'{revision[:120]}'{where} cannot be a tag, a branch or a commit; use letters, digits and .-_/"
        )
    return revision
