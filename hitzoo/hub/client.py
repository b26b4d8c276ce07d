"""The Hugging Face Hub: the few requests that hitzoo makes of its client, and the only place that makes them.

Only this room imports `huggingface_hub`, and only when it is used. The address of the Hub, its cache, whether it may be
asked and with which token, the client takes from HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE and HF_TOKEN; a
program may give others for a while with the fields of `Hub`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from hitzoo.errors import HubError, OutputError
from hitzoo.files import write_text
from hitzoo.hub.answers import is_hash
from hitzoo.hub.bars import Progress, reporting_to, without_bars
from hitzoo.hub.environment import check_endpoint, notes, settle
from hitzoo.hub.remote import Header, Remote, remote_file
from hitzoo.hub.retry import retrying
from hitzoo.hub.secrets import redact, redact_logs
from hitzoo.releases import release_of
from hitzoo.zoo.bounds import as_shape, as_size
from hitzoo.zoo.repo_name import RepoName

if TYPE_CHECKING:
    from huggingface_hub import HfApi


_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Hub:
    """A Hub and a cache, each the client's own where it is not given. `token` is never shown; False sends none."""

    endpoint: str | None = None
    cache: Path | None = None
    token: str | bool | None = field(default=None, repr=False)
    kind: Literal["model", "space"] = "model"  # of the repositories

    def __post_init__(self) -> None:
        settle()  # before the client is imported anywhere

    @property
    def address(self) -> str:
        """The address of the Hub for messages, without a password that it may hold."""
        from huggingface_hub import constants

        return redact(self.endpoint or constants.ENDPOINT)

    @property
    def cache_folder(self) -> Path:
        """The folder of pulled files."""
        from huggingface_hub import constants

        return self.cache or Path(constants.HF_HUB_CACHE)

    @property
    def offline(self) -> bool:
        """True where HF_HUB_OFFLINE forbids requests."""
        from huggingface_hub import constants

        return bool(constants.HF_HUB_OFFLINE)

    @property
    def has_token(self) -> bool:
        """True where somebody is logged in."""
        from huggingface_hub import get_token

        return bool(self.token or (self.token is None and get_token()))

    def look(self, repo: RepoName) -> Remote:
        """Resolve a revision to its commit, with the list of its files: one request.

        Raises:
            HubError: it does not say which commit that is. Others are the client's own.
        """
        from huggingface_hub import ModelCardData, constants

        timeout = constants.HF_HUB_DOWNLOAD_TIMEOUT
        ask: Any = getattr(self._api(), f"{self.kind}_info")
        found = retrying(lambda: ask(repo.repo_id, revision=repo.revision, files_metadata=True, timeout=timeout))
        if not is_hash(found.sha):  # it becomes the name of a folder in the cache
            raise HubError(f"{self.address} does not say which commit {repo} is; check HF_ENDPOINT")
        card = found.card_data
        modified = found.last_modified
        return Remote(
            repo_id=repo.repo_id,
            commit=str(found.sha),
            files={str(file.rfilename): remote_file(file) for file in found.siblings or ()},
            card=card.to_dict() if isinstance(card, ModelCardData) else {},
            private=bool(found.private),
            gated=bool(getattr(found, "gated", False)),  # a Space is not, and is not downloaded
            downloads=as_size(getattr(found, "downloads", None)),
            likes=as_size(found.likes),
            modified=modified.date().isoformat() if modified else None,
        )

    def described(self, remote: Remote, names: Iterable[str]) -> Remote:
        """Add size and hash of these files, requested where the list that came with the commit has none."""
        bare = [name for name in names if name in remote.files and remote.files[name].size is None]
        if not bare:
            return remote
        of = (remote.repo_id, bare)
        found = retrying(lambda: self._api().get_paths_info(*of, revision=remote.commit, repo_type=self.kind))
        known = {file.path: remote_file(file) for file in found if file.path in bare and hasattr(file, "lfs")}
        return replace(remote, files={**remote.files, **known})

    def tags(self, repo_id: str) -> dict[str, str]:
        """The commit of every tag."""
        refs = retrying(lambda: self._api().list_repo_refs(repo_id))
        return {str(tag.name): str(tag.target_commit) for tag in refs.tags}

    def header(self, repo_id: str, commit: str, name: str) -> Header:
        """The header of a weights file, without the rest of it."""
        ask = self._api().parse_safetensors_file_metadata
        found = retrying(lambda: ask(repo_id, name, revision=commit))
        shapes = {key: as_shape(info.shape) for key, info in found.tensors.items()}
        tensors = {key: (str(found.tensors[key].dtype), shape) for key, shape in shapes.items() if shape is not None}
        if len(tensors) < len(shapes):
            raise HubError(
                f"the weights of {repo_id} are not a safetensors file: a tensor has no shape; ask its author"
            )
        metadata = found.metadata if isinstance(found.metadata, dict) else {}
        return Header(tensors, {key: value for key, value in metadata.items() if isinstance(value, str)})

    def holds(self, repo: RepoName) -> bool:
        """Check the cache for any file of a repository."""
        return self._folder(repo).is_dir()

    def cached(self, repo: RepoName, name: str) -> Path | None:
        """A file as it was fetched before, of the commit that the revision meant then."""
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(repo.repo_id, name, cache_dir=self.cache, revision=repo.revision)
        return Path(found) if isinstance(found, str) else None

    def fetch(
        self, repo_id: str, commit: str, name: str, *, again: bool = False, progress: Progress | None = None
    ) -> Path:
        """A file of a commit, from the cache if it is there; `again` replaces what the cache has.

        What is replaced is there until the new file takes its name, since others may be reading it.
        """
        for note in notes():
            _log.warning(note)
        old = self.cached(RepoName(repo_id, commit), name)
        if old is not None and not again:
            return old

        def download(cache: Path | None) -> Path:
            from huggingface_hub import hf_hub_download

            place = retrying(
                lambda: hf_hub_download(
                    repo_id,
                    name,
                    revision=commit,
                    force_download=again,
                    cache_dir=cache,
                    tqdm_class=reporting_to(progress),
                    **self._access(),
                )
            )
            return Path(place)

        before = _identity(old)
        if old is None or old.is_symlink():
            found = download(self.cache)
            if old is None or _identity(found) != before:
                return found
        return self._put_in_place(
            old, download
        )  # the client leaves a file that is no link, or links elsewhere, as it is

    def _put_in_place(self, old: Path, download: Callable[[Path], Path]) -> Path:
        """A cached file replaced by a fresh one in one step."""
        with TemporaryDirectory(prefix=".healing-", dir=self.cache_folder) as folder:
            download(Path(folder)).resolve().replace(old)
        return old

    def remember(self, repo: RepoName, commit: str) -> None:
        """Note what a tag or branch means, as the client's cache does, so that it can be loaded offline by its name."""
        place = self._folder(repo) / "refs" / repo.revision
        with suppress(OSError, OutputError):  # a cache that is only to be read is a cache nevertheless
            if not place.is_file() or place.read_text(encoding="utf-8") != commit:
                write_text(place, commit)

    def create(self, repo_id: str, *, private: bool) -> None:
        """Make an empty repository, unless it is there; a Space is of files alone."""
        sdk: dict[str, Any] = {"space_sdk": "static"} if self.kind == "space" else {}
        retrying(lambda: self._api().create_repo(repo_id, private=private, exist_ok=True, repo_type=self.kind, **sdk))

    def commit(self, repo_id: str, files: Mapping[str, Path], removed: Iterable[str], message: str, parent: str) -> str:
        """Make one commit on main, if its head is still `parent`, and say which. It is not tried again here.

        Large files go by xet where the client has it; where that fails they go the older way, which every Hub takes and
        the client chooses for files that are open.
        """
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        def send(source: Callable[[Path], str | BinaryIO]) -> str:
            adds = [CommitOperationAdd(name, source(path)) for name, path in files.items()]
            deletes = [CommitOperationDelete(name) for name in removed]
            of: dict[str, Any] = {"parent_commit": parent or None, "repo_type": self.kind}
            made = self._api().create_commit(repo_id, [*adds, *deletes], commit_message=message, **of)
            return str(made.oid)

        with without_bars(), ExitStack() as opened:
            try:
                return send(str)
            except ConnectionError as error:  # the transfer engine's word for every trouble
                if "xet" not in str(error):
                    raise
                return send(lambda path: opened.enter_context(path.open("rb")))

    def tag(self, repo_id: str, tag: str, commit: str) -> None:
        """Give a commit a tag that does not exist yet."""
        retrying(lambda: self._api().create_tag(repo_id, tag=tag, revision=commit))

    def _folder(self, repo: RepoName) -> Path:
        return self.cache_folder / f"models--{repo.repo_id.replace('/', '--')}"

    def _api(self) -> HfApi:
        from huggingface_hub import HfApi

        return HfApi(**self._access())

    def _access(self) -> dict[str, Any]:
        from huggingface_hub import constants

        redact_logs()
        check_endpoint(self.endpoint or constants.ENDPOINT)
        names = {"library_name": "hitzoo", "library_version": release_of()}
        return {"endpoint": self.endpoint, "token": self.token} | names


def _identity(path: Path | None) -> tuple[int, int, int] | None:
    """Identify the file at a path, by inode and time."""
    if path is None:
        return None
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size
