"""Upload of a page as a Space: one commit of the files that differ; nothing where all of them are there already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hitzoo.errors import RequestError
from hitzoo.hub.client import Hub
from hitzoo.hub.errors import in_plain_words
from hitzoo.hub.remote import Remote
from hitzoo.hub.retry import is_empty, is_missing
from hitzoo.hub.upload import check_arrived, commit_changes, is_same, look_at_new
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
        remote = _look(repo, private, hub)
        there = hub.described(remote, files).files
        changed = {name: path for name, path in files.items() if not is_same(there.get(name), path)}
        commit = remote.commit
        if changed:
            sending(sum(path.stat().st_size for path in changed.values()))
            commit = commit_changes(repo, "Publish a page of hitzoo explore", changed, set(), remote, hub)
            check_arrived(repo, commit, changed.keys(), hub)
    return PublishedSpace(repo.repo_id, commit, f"{hub.address}/spaces/{repo.repo_id}", tuple(changed))


def _look(repo: RepoName, private: bool, hub: Hub) -> Remote:
    """Look at the Space; one is made where there is none."""
    try:
        remote = hub.look(repo)
    except Exception as error:
        if is_missing(error):
            hub.create(repo.repo_id, private=private)
        elif not is_empty(error):
            raise
        return look_at_new(repo, hub)
    if private and not remote.private:
        raise RequestError(
            f"the Space {repo.repo_id} exists and is public; make it private on its page, or leave --private out"
        )
    return remote
