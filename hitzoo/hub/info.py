"""Describe a model from the header of its weights alone: on the Hub without fetching it, or in a folder."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from hitzoo.errors import HubError
from hitzoo.hub.client import Hub
from hitzoo.hub.errors import in_plain_words
from hitzoo.hub.remote import Header, Remote
from hitzoo.plan.role import Role
from hitzoo.zoo.bounds import beyond
from hitzoo.zoo.file_digests import sha256_of
from hitzoo.zoo.model_folder import ModelFolder
from hitzoo.zoo.model_layout import CODING_ROLES, WEIGHTS_NAME, model_file_of
from hitzoo.zoo.repo_name import RepoName
from hitzoo.zoo.weights import METADATA_KEY, read_header, read_metadata, without_checksum

_BUFFERS = (".running_mean", ".running_var", "mapping.mean", ".coordinates.random", ".noise")
"""Ends of names of tensors that are no parameters: statistics of batch norms, a mean style, fixed draws."""


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """A description of a model without its weights; fields that do not apply are empty.

    `metadata` is what the header says: name, architecture, plan, step. `size` and `sha256` are of the weights file,
    `networks` has family and plan of an autoencoder's other networks by role, `files` the sizes of all. `metrics` are
    those of the card, with their names as they stand there.
    """

    where: str
    metadata: Mapping[str, Any]
    parameters: int
    tensors: int
    dtypes: tuple[str, ...]
    size: int
    sha256: str
    networks: Mapping[str, str] = field(default_factory=dict)
    commit: str = ""
    license: str = ""
    datasets: tuple[str, ...] = ()
    metrics: tuple[tuple[str, Any], ...] = ()
    tags: tuple[str, ...] = ()
    access: str = ""
    modified: str = ""
    downloads: int | None = None
    files: Mapping[str, int | None] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON values."""
        return asdict(self) | {"metrics": dict(self.metrics)}


def info_of_repo(repo: RepoName, hub: Hub | None = None) -> ModelInfo:
    """A model on the Hub: three small requests, nothing is written. Offline it is looked for in the cache.

    Raises:
        HubError: the Hub refuses, cannot be reached, or holds no model of ours.
        WeightsError: the one in the cache is damaged.
    """
    hub = hub or Hub()
    if hub.offline and (pulled := hub.cached(repo, WEIGHTS_NAME)):
        coding = {role: path for role in CODING_ROLES if (path := pulled.parent / model_file_of(role)).is_file()}
        return replace(_of_file(pulled, str(repo), coding), commit=pulled.parent.name)
    with in_plain_words("look at", repo, hub):
        remote = hub.described(hub.look(repo), [WEIGHTS_NAME])
        weights = remote.files.get(WEIGHTS_NAME)
        if weights is None:
            raise HubError(f"{repo} is not a hitzoo model: it has no {WEIGHTS_NAME}")
        header = hub.header(repo.repo_id, remote.commit, WEIGHTS_NAME)
        headers = {
            role: hub.header(repo.repo_id, remote.commit, name)
            for role in CODING_ROLES
            if (name := model_file_of(role)) in remote.files
        }
    tags: Mapping[str, str] = {}
    with suppress(HubError), in_plain_words("look at", repo, hub):  # good to know, no more
        tags = hub.tags(repo.repo_id)
    card = remote.card
    return ModelInfo(
        where=str(repo),
        **_of_header(header),
        size=weights.size or 0,
        sha256=weights.sha256 or "",
        networks=_networks(headers),
        commit=remote.commit,
        license=str(card.get("license_name") or card.get("license") or ""),
        datasets=tuple(map(str, _list(card.get("datasets")))),
        metrics=tuple(_metrics(card)),
        tags=tuple(sorted(name for name, commit in tags.items() if commit == remote.commit)),
        access=_access(remote),
        modified=remote.modified or "",
        downloads=remote.downloads,
        files={name: file.size for name, file in sorted(remote.files.items())},
    )


def info_of_model(model: ModelFolder, where: str) -> ModelInfo:
    """A model on the disk.

    Raises:
        WeightsError: its weights are missing or damaged.
    """
    coding = {role: path for role in CODING_ROLES if (path := model.files.get(role))}
    return _of_file(model.weights, where, coding)


def _of_file(weights: Path, where: str, coding: Mapping[Role, Path]) -> ModelInfo:
    return ModelInfo(
        where=where,
        **_of_header(_header_of(weights)),
        size=weights.stat().st_size,
        sha256=sha256_of(weights),
        networks=_networks({role: _header_of(path) for role, path in coding.items()}),
    )


def _header_of(weights: Path) -> Header:
    return Header(read_header(weights), {METADATA_KEY: json.dumps(read_metadata(weights))})


def _networks(headers: Mapping[Role, Header]) -> dict[str, str]:
    """Say of what family and plan each network is, as far as its header does."""
    known = {role: _metadata_of(header) for role, header in headers.items()}
    return {
        role: f"{said.get('architecture', '?')}, plan {str(said.get(f'{role}_plan', '?'))[:12]}"
        for role, said in known.items()
    }


def _metadata_of(header: Header) -> dict[str, Any]:
    try:
        metadata = json.loads(header.metadata.get(METADATA_KEY, "{}"))
    except (ValueError, RecursionError):
        return {}
    return metadata if isinstance(metadata, dict) and not beyond(metadata) else {}


def _of_header(header: Header) -> dict[str, Any]:
    metadata = _metadata_of(header)
    shapes = [shape for name, (_, shape) in header.tensors.items() if not name.endswith(_BUFFERS)]
    return {
        "metadata": without_checksum(metadata),
        "parameters": sum(math.prod(shape) for shape in shapes),
        "tensors": len(header.tensors),
        "dtypes": tuple(sorted({kind for kind, _ in header.tensors.values()})),
    }


def _access(remote: Remote) -> str:
    return " and ".join(["private" if remote.private else "public", *(["gated"] if remote.gated else [])])


def _metrics(card: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The numbers of a card's model-index; whatever is not as it should be is passed over."""
    found: list[tuple[str, Any]] = []
    for model in _list(card.get("model-index")):
        for result in _list(model.get("results") if isinstance(model, dict) else None):
            for metric in _list(result.get("metrics") if isinstance(result, dict) else None):
                if isinstance(metric, dict) and "value" in metric:
                    found.append((str(metric.get("name") or metric.get("type")), metric["value"]))
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []
