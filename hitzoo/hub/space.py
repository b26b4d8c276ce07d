"""Upload of a page as a Space: one commit of the files that differ; nothing where all of them are there already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hitzoo.errors import RequestError
from hitzoo.hub.client import Hub
from hitzoo.hub.errors import in_plain_words
from hitzoo.hub.upload import check_arrived, commit_changes, is_same, look_or_create
from hitzoo.zoo.repo_name import RepoName, parse_repo_name


@dataclass(frozen=True)
class PublishedSpace:
    """The result: the Space, its commit, its address, and the paths that the commit changed."""

    repo_id: str
    commit: str
    url: str
    changed: tuple[str, ...]


def check_space_name(repo_id: str) -> RepoName:
    """Parse ORG/NAME.

    Raises:
        RequestError: it is no such name, or has a revision.
    """
    repo = parse_repo_name(repo_id)
    if "@" in repo_id:
        raise RequestError(f"'{repo_id}': a Space shows its newest commit; write {repo.repo_id}")
    return repo


def upload_space(
    files: Mapping[str, Path],
    repo_id: str,
    *,
    private: bool = False,
    hub: Hub | None = None,
    sending: Callable[[int], None] = lambda size: None,
) -> PublishedSpace:
    """Make a static Space if need be, and commit what differs from it. Other files of it stay.

    Args:
        files: what to send, by its path in the Space.
        repo_id: ORG/NAME.
        private: make a new Space private.
        hub: another Hub than that of the environment.
        sending: called with the number of bytes that are about to be sent.

    Raises:
        HubError: the Hub refuses, or cannot be reached.
        RequestError: the name is not possible, or the Space is public and should be private.
    """
    repo, hub = check_space_name(repo_id), replace(hub or Hub(), kind="space")
    with in_plain_words("publish", repo, hub):
        remote, _ = look_or_create(repo, hub, private=private)
        there = hub.described(remote, files).files
        changed = {name: path for name, path in files.items() if not is_same(there.get(name), path)}
        commit = remote.commit
        if changed:
            sending(sum(path.stat().st_size for path in changed.values()))
            commit = commit_changes(repo, "Publish a page of hitzoo explore", changed, set(), remote, hub)
            check_arrived(repo, commit, changed.keys(), hub)
    return PublishedSpace(repo.repo_id, commit, f"{hub.address}/spaces/{repo.repo_id}", tuple(changed))
