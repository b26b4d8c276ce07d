"""Upload a publication to the Hub: one commit, then the tag; nothing where all of it is there already."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from hitzoo.errors import HubError, RequestError, WeightsError
from hitzoo.hub.client import Hub
from hitzoo.hub.errors import in_plain_words
from hitzoo.hub.manifest import Manifest, read_manifest, read_small
from hitzoo.hub.publication import README_NAME, Publication
from hitzoo.hub.release import GRID_NAME, Before, Release, check_whole, write_release
from hitzoo.hub.remote import Remote, RemoteFile
from hitzoo.hub.retry import is_empty, is_missing, retrying, status_of
from hitzoo.zoo.model_layout import MANIFEST_NAME
from hitzoo.zoo.repo_name import RepoName, check_revision, is_commit, parse_repo_name


@dataclass(frozen=True)
class Published:
    """The result of publishing.

    Attributes:
        commit: the commit that holds the files, 40 hexadecimal digits; `url` is its address.
        tag: the version's name, if one was given.
        release: the files, their manifest, and notes for their author.
        changed: paths that the commit changed; empty where it was there before.
        removed: paths that the commit removed; empty likewise.
    """

    repo_id: str
    commit: str
    url: str
    tag: str | None
    release: Release
    changed: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True)
class _There:
    """A repository before publishing: its head, its tags, and what a new version takes over."""

    remote: Remote
    tags: Mapping[str, str] = field(default_factory=dict)
    before: Before = field(default_factory=Before)


def upload(
    wanted: Publication,
    *,
    tag: str | None = None,
    private: bool = False,
    hub: Hub | None = None,
    sending: Callable[[int], None] = lambda size: None,
) -> Published:
    """Make the repository if need be, commit what differs from it, and give the commit a tag.

    Args:
        sending: called with the number of bytes that are about to be sent.

    Raises:
        HubError: the Hub refuses, or cannot be reached; or the tag is taken.
        RequestError: the name, the tag, or something that was to be published is not possible.
        WeightsError: the model is not whole.
    """
    repo, hub = _checked(wanted.repo_id, tag), hub or Hub()
    check_whole(wanted)
    with TemporaryDirectory(prefix="hitzoo-publish-") as folder:
        there = _look(repo, private, hub)
        release = write_release(Path(folder), wanted, there.before)
        with in_plain_words("publish", repo, hub):
            files = hub.described(there.remote, release.files).files
        changed = {name: path for name, path in release.files.items() if not is_same(files.get(name), path)}
        removed = _no_longer(release, there)
        _refuse_taken(repo, tag, there, bool(changed or removed))
        commit = there.remote.commit
        if changed or removed:
            sending(sum(path.stat().st_size for path in changed.values()))
            with in_plain_words("publish", repo, hub):
                commit = commit_changes(repo, f"Publish {wanted.model.spec.name}", changed, removed, there.remote, hub)
                check_arrived(repo, commit, changed.keys(), hub)
        if tag is not None and there.tags.get(tag) != commit:
            _tag(repo, tag, commit, hub)
    url = f"{hub.address}/{repo.repo_id}/commit/{commit}"
    return Published(repo.repo_id, commit, url, tag, release, tuple(changed), tuple(sorted(removed)))


def prepare(wanted: Publication, folder: Path) -> Release:
    """Write the files that would be published into an empty repository; the Hub is not asked."""
    _checked(wanted.repo_id, None)
    check_whole(wanted)
    return write_release(folder, wanted, Before())


def _checked(repo_id: str, tag: str | None) -> RepoName:
    repo = parse_repo_name(repo_id)
    if "@" in repo_id:
        raise RequestError(f"'{repo_id}': a version is published with --tag {repo.revision}, into {repo.repo_id}")
    if tag is not None and is_commit(check_revision(tag)):
        raise RequestError(f"--tag {tag}: a tag may not look like a commit; choose for example v1")
    return repo


def _look(repo: RepoName, private: bool, hub: Hub) -> _There:
    """Look at the repository; an empty one is created where there is none."""
    with in_plain_words("publish", repo, hub):
        remote, new = look_or_create(repo, hub, private=private)
        return _There(remote) if new else _There(remote, hub.tags(repo.repo_id), _before(repo, remote, hub))


def look_or_create(repo: RepoName, hub: Hub, *, private: bool) -> tuple[Remote, bool]:
    """Return a repository, created where there is none, and whether it holds nothing yet.

    Raises:
        RequestError: it is public and should be private.
    """
    try:
        remote = hub.look(repo)
    except Exception as error:
        if is_missing(error):
            hub.create(repo.repo_id, private=private)
        elif not is_empty(error):
            raise
        return look_at_new(repo, hub), True
    if private and not remote.private:
        called = f"the Space {repo.repo_id}" if hub.kind == "space" else repo.repo_id
        raise RequestError(f"{called} exists and is public; make it private on its page, or leave --private out")
    return remote, False


def look_at_new(repo: RepoName, hub: Hub) -> Remote:
    """A repository that holds nothing yet: with a first commit as Hugging Face's Hub makes one, or with none."""
    try:
        return hub.look(repo)
    except Exception as error:
        if not is_empty(error):
            raise
        return Remote(repo_id=repo.repo_id, commit="", files={}, card={})


def _before(repo: RepoName, remote: Remote, hub: Hub) -> Before:
    def fetch(name: str) -> Path:
        with in_plain_words("publish", repo, hub):
            return hub.fetch(repo.repo_id, remote.commit, name)

    readme = read_small(fetch(README_NAME)) if README_NAME in remote.files else ""
    manifest = Manifest({})
    if MANIFEST_NAME in remote.files:
        try:
            manifest = read_manifest(fetch(MANIFEST_NAME))
        except WeightsError:  # somebody else's, or damaged: nothing is taken over, and it will be replaced
            manifest = Manifest({})
    known = GRID_NAME in remote.files and GRID_NAME in manifest.files
    return Before(readme=readme, manifest=manifest, grid=(lambda: fetch(GRID_NAME)) if known else None)


def is_same(there: RemoteFile | None, path: Path) -> bool:
    """Compare a file with the repository's, by the sha256 of large ones and git's hash of small ones."""
    if there is None or there.size != path.stat().st_size:
        return False
    with path.open("rb") as file:
        if there.sha256:
            return hashlib.file_digest(file, "sha256").hexdigest() == there.sha256
        return hashlib.sha1(f"blob {there.size}\0".encode() + file.read()).hexdigest() == there.oid


def _no_longer(release: Release, there: _There) -> Set[str]:
    """List files of a former version that this one lacks: ours to remove. Anything else in a repository stays."""
    return (there.before.manifest.files.keys() - release.files.keys()) & there.remote.files.keys()


def _refuse_taken(repo: RepoName, tag: str | None, there: _There, differs: bool) -> None:
    taken = there.tags.get(tag or "")
    if taken is not None and (differs or taken != there.remote.commit):
        raise HubError(
            f"{repo.repo_id} has a tag {tag} already, on commit {taken[:12]} with other files; choose another:"
            f" those who pull {tag} rely on it (its tags: {', '.join(sorted(there.tags))})"
        )


def commit_changes(
    repo: RepoName, message: str, changed: Mapping[str, Path], removed: Set[str], remote: Remote, hub: Hub
) -> str:
    """Make one commit. After a lost answer the head tells whether it was made; only if not is it tried again."""
    tries = 0

    def commit() -> str:
        nonlocal tries
        tries += 1
        if tries > 1 and (made := made_already()):
            return made
        try:
            return hub.commit(repo.repo_id, changed, removed, message=message, parent=remote.commit)
        except Exception as error:
            if status_of(error) == 412 and (made := made_already()):
                return made
            raise

    def made_already() -> str:
        head = hub.described(hub.look(repo), changed)
        if head.commit == remote.commit:
            return ""
        if all(is_same(head.files.get(name), path) for name, path in changed.items()):
            return head.commit
        raise HubError(f"somebody else changed {repo} meanwhile, nothing was published; run the same command again")

    return retrying(commit)


def check_arrived(repo: RepoName, commit: str, changed: Set[str], hub: Hub) -> None:
    """Refuse an incomplete commit: the Hub silently leaves out files that a repository's .gitignore names."""
    missing = sorted(changed - hub.look(RepoName(repo.repo_id, commit)).files.keys())
    if missing:
        raise HubError(
            f"{repo} did not take {', '.join(missing)} into its commit {commit[:12]}, which has no tag;"
            " see what its .gitignore names, then run the same command again"
        )


def _tag(repo: RepoName, tag: str, commit: str, hub: Hub) -> None:
    with in_plain_words("publish", repo, hub):
        try:
            hub.tag(repo.repo_id, tag, commit)
        except Exception as error:  # 409: of a first try whose answer was lost, or somebody else's
            if status_of(error) != 409 or hub.tags(repo.repo_id).get(tag) != commit:
                raise
