"""Pull models of the Hub into the cache of its client: pinned to a commit, only what is needed, every file verified.

The client compares sizes and nothing more. Here every file is held against the manifest after every pull, also when it
was in the cache already; one that is damaged there is fetched again once.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hitzoo.errors import HubError, OutputError, RequestError, WeightsError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.hub.bars import Progress
from hitzoo.hub.client import Hub
from hitzoo.hub.environment import CannotAsk
from hitzoo.hub.errors import in_plain_words
from hitzoo.hub.manifest import LARGEST_TEXT, Manifest, read_manifest
from hitzoo.hub.remote import RemoteFile
from hitzoo.hub.retry import is_in_trouble
from hitzoo.hub.unknown_name import unknown_name
from hitzoo.hub.verification import check_size, check_weights, read_description
from hitzoo.places import is_folder, place
from hitzoo.zoo.cards import BUNDLED, PUBLISHED, Card, find_card
from hitzoo.zoo.model_folder import ModelFolder
from hitzoo.zoo.model_layout import (
    CONFIG_NAME,
    MANIFEST_NAME,
    SPEC_NAME,
    TRAINING_FILES,
    WEIGHTS_NAME,
    further_files,
    model_file_of,
)
from hitzoo.zoo.pasted import as_meant, not_a_model
from hitzoo.zoo.repo_name import RepoName, is_repo_name, parse_repo_name

_TEXTS = (CONFIG_NAME, SPEC_NAME, MANIFEST_NAME)
_NEEDED = (*_TEXTS, WEIGHTS_NAME)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pulled:
    """A model of the Hub that is in the cache, whole and verified; `size` is that of its files in bytes."""

    model: ModelFolder
    commit: str
    files: tuple[str, ...]
    size: int

    @property
    def folder(self) -> Path:
        """The folder in the cache; `hitzoo.load` takes it like any model folder."""
        return self.model.folder


def pull(
    model: str | RepoName,
    *,
    with_training: bool = False,
    extra: Collection[str] = (),
    hub: Hub | None = None,
    progress: Progress | None = None,
) -> Pulled | None:
    """Fetch a model from the Hugging Face Hub into the cache and verify every file; then it loads without a network.

        hitzoo.pull("ORG/NAME@v1")

    `HF_TOKEN`, `HF_HOME`, `HF_ENDPOINT` and `HF_HUB_OFFLINE` work as in huggingface_hub.

    Args:
        model: a name of the zoo, or `ORG/NAME[@REVISION]` on the Hub; a revision is a tag, a branch or a commit.
        with_training: fetch the discriminator and the training state too, where they were published.
        extra: single files of these, of `hitzoo.zoo.model_layout.TRAINING_FILES`.
        hub: another Hub than that of the environment.
        progress: called with (bytes done, bytes in all) while the weights come.

    Returns:
        Folder, commit and files; None for a model of the zoo whose weights are installed with hitzoo.

    Raises:
        UnknownNameError: nothing has that name.
        RequestError: a folder here, of which there is nothing to pull.
        HubError: the Hub refuses, cannot be reached, or holds no model of hitzoo.
        WeightsError, SpecError: what it holds does not agree with itself.
        OutputError: the cache cannot be written.
    """
    wanted = TRAINING_FILES if with_training else extra
    if isinstance(model, RepoName):
        return pull_repo(model, hub=hub, extra=wanted, progress=progress)
    card = find_card(model) or find_card(as_meant(model))
    if card is not None and card.status == BUNDLED:
        return None
    if card is not None and card.status == PUBLISHED:
        return pull_published(card, hub=hub, extra=wanted, progress=progress)
    if is_folder(place(model)) and not is_repo_name(model):
        raise RequestError(f"{model} is a folder here, nothing to pull: hitzoo sample --model {model}")
    if not is_repo_name(model) and ("/" not in model or not_a_model(model)):
        raise unknown_name(model)
    return pull_repo(parse_repo_name(model), hub=hub, extra=wanted, progress=progress)


def pull_repo(
    repo: RepoName, *, hub: Hub | None = None, extra: Collection[str] = (), progress: Progress | None = None
) -> Pulled:
    """Fetch what is not in the cache yet, and verify everything. Raises as `pull`.

    Args:
        repo: a tag or branch is resolved once; a commit that is in the cache needs no network.
        extra: which of `TRAINING_FILES` are wanted too, where they were published.
    """
    return _Pull(repo, hub or Hub(), progress).run(extra)


def pull_published(
    card: Card, *, hub: Hub | None = None, extra: Collection[str] = (), progress: Progress | None = None
) -> Pulled:
    """Fetch the model of a record that says where it is published; it must be the one recorded.

    Raises:
        HubError: what lies there is something else. Others as `pull`.
    """
    repo = RepoName(card.repo, card.revision)
    pulled = pull_repo(repo, hub=hub, extra=extra, progress=progress)
    entry = read_manifest(pulled.folder / MANIFEST_NAME).files[WEIGHTS_NAME]
    if (entry.sha256, entry.size) != (card.sha256, card.size):
        raise HubError(f"{repo} does not hold the weights that the record of {card.name} names; install hitzoo again")
    if compile_spec(load_spec(card.spec)).generator_hash != pulled.model.plan.generator_hash:
        raise HubError(
            f"{repo} was made for another generator than the spec {card.spec} describes; install hitzoo again"
        )
    return pulled


class _Pull:
    """A pull in progress. `listing` is the Hub's list of files; None where it was not asked."""

    def __init__(self, repo: RepoName, hub: Hub, progress: Progress | None) -> None:
        self.repo, self.hub, self.progress = repo, hub, progress
        self.commit = ""
        self.listing: Mapping[str, RemoteFile] | None = None

    def run(self, extra: Collection[str]) -> Pulled:
        self._resolve()
        folder = self._fetch(CONFIG_NAME).parent
        for name in (SPEC_NAME, MANIFEST_NAME):
            self._fetch(name)
        manifest = self._verified(folder, (CONFIG_NAME, SPEC_NAME))
        model = read_description(folder)
        large = (*map(model_file_of, model.files), *further_files(extra, manifest.files))
        self._check_sizes(model, manifest, large)
        for name in large:
            self._fetch(name)
        manifest = self._verified(folder, large)
        check_weights(model)
        if self.listing is not None and not self.repo.is_commit:
            self.hub.remember(self.repo, self.commit)
        files = (*_TEXTS, *large)
        size = sum(entry.size for name, entry in manifest.files.items() if name in files)
        return Pulled(replace(model, origin=f"{self.repo.repo_id}@{self.commit}"), self.commit, files, size)

    def _resolve(self) -> None:
        """Resolve the commit; the Hub is not asked for one that is in the cache whole."""
        before = self._cached_commit()
        if self.repo.is_commit and before:
            self.commit = before
            return
        with in_plain_words("pull", self.repo, self.hub):
            try:
                remote = self.hub.described(self.hub.look(self.repo), _NEEDED)
            except Exception as error:
                if not before or not is_in_trouble(error):
                    raise
                if not self.hub.offline:
                    why = error if isinstance(error, CannotAsk) else f"{self.hub.address} cannot be asked"
                    _log.warning("%s; %s is taken as the cache has it", why, self.repo)
                self.commit = before
                return
        self.commit, self.listing = remote.commit, remote.files
        missing = [name for name in _NEEDED if name not in remote.files]
        if missing:
            raise HubError(
                f"{self.repo} is not a hitzoo model: it has no {', '.join(missing)}; `hitzoo publish` makes such models"
            )
        for name in _TEXTS:
            if (remote.files[name].size or 0) > LARGEST_TEXT:
                raise HubError(f"{self.repo}: its {name} has {remote.files[name].size:,} bytes, more than it can have")

    def _cached_commit(self) -> str:
        """The commit that was pulled under this revision before, if all of it is there."""
        found = [self.hub.cached(self.repo, name) for name in _NEEDED]
        return found[0].parent.name if found[0] is not None and all(found) else ""

    def _fetch(self, name: str, *, again: bool = False) -> Path:
        progress = self.progress if name not in _TEXTS else None
        with in_plain_words("pull", self.repo, self.hub):
            return self.hub.fetch(self.repo.repo_id, self.commit, name, again=again, progress=progress)

    def _verified(self, folder: Path, names: Collection[str]) -> Manifest:
        """The manifest, when these files are what it says; the ones that are not are fetched again once."""
        manifest, wrong = _look_through(folder, names)
        if wrong:
            said = "; ".join(wrong.values())
            if self.hub.offline:
                raise HubError(f"{self.repo} is damaged in the cache ({said}); unset HF_HUB_OFFLINE to fetch it again")
            _log.warning("%s: %s; fetching it again", self.repo, said)
            for name in {MANIFEST_NAME, *wrong}:
                self._fetch(name, again=True)
            manifest, wrong = _look_through(folder, names)
        if manifest is None or wrong:
            said = "; ".join(wrong.values())
            raise HubError(f"{self.repo} is not what its {MANIFEST_NAME} says, fetched twice: {said}; tell its author")
        return manifest

    def _check_sizes(self, model: ModelFolder, manifest: Manifest, names: Collection[str]) -> None:
        """Before anything large is fetched: it has the size it should have, and there is room for it."""
        for name in names:
            entry, listed = manifest.files.get(name), (self.listing or {}).get(name)
            if entry is None:
                raise HubError(f"{self.repo}: its {MANIFEST_NAME} does not list {name}; tell its author")
            if listed is not None and listed.size not in (None, entry.size):
                raise HubError(
                    f"{self.repo}: {name} has {listed.size:,} bytes where its {MANIFEST_NAME} says {entry.size:,};"
                    " tell its author"
                )
        for role in model.files:
            check_size(model.plan, manifest.files[model_file_of(role)].size, str(self.repo), role)
        pinned = RepoName(self.repo.repo_id, self.commit)
        wanted = sum(manifest.files[name].size for name in names if self.hub.cached(pinned, name) is None)
        free = shutil.disk_usage(self.hub.cache_folder).free
        if wanted > free:
            raise OutputError(
                f"{self.repo} needs {wanted:,} bytes in {self.hub.cache_folder}, where {free:,} are free;"
                " make room, or choose another place with HF_HOME"
            )


def _look_through(folder: Path, names: Collection[str]) -> tuple[Manifest | None, dict[str, str]]:
    """The manifest, if it can be read, and what is wrong with it or these files."""
    try:
        manifest = read_manifest(folder / MANIFEST_NAME)
    except WeightsError:
        return None, {MANIFEST_NAME: f"{MANIFEST_NAME} is damaged"}
    return manifest, manifest.problems(folder, names)
