"""The records of zoo/: one YAML file per model, whether or not anybody has published its weights; no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from hitzoo.errors import Problem, WeightsError
from hitzoo.plan.role import Role
from hitzoo.spec.check import check_shape
from hitzoo.spec.document import Document, read_document
from hitzoo.spec.shipped import shipped_folder
from hitzoo.spec.text import read_spec_text

BUNDLED, PUBLISHED, SPEC_ONLY = "bundled", "published", "spec only"
_OF_WEIGHTS = {"sha256", "size", "license", "data", "provenance"}
_NEEDED = {BUNDLED: {"file"} | _OF_WEIGHTS, PUBLISHED: {"repo", "revision"} | _OF_WEIGHTS, SPEC_ONLY: set[str]()}
_IMPOSSIBLE = {
    BUNDLED: {"repo", "revision"},
    PUBLISHED: {"file", "networks"},
    SPEC_ONLY: {"file", "networks", "repo", "revision", "measured", "evaluation"} | _OF_WEIGHTS - {"data"},
}


@dataclass(frozen=True, kw_only=True)
class Paper:
    """The paper of a model; `place` is the table or section with its numbers."""

    title: str
    url: str
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """The data a model was, or is to be, trained on; `command` makes them, `credit` is what their licence asks for."""

    name: str
    license: str
    url: str = ""
    command: str = ""
    credit: str = ""


@dataclass(frozen=True, kw_only=True)
class Number:
    """A value of a metric; `protocol` says of what and how."""

    metric: str
    value: float
    protocol: str


@dataclass(frozen=True, kw_only=True)
class StoredWeights:
    """A bundled weights file, with its sha256 and its size in bytes."""

    path: Path
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Card:
    """The record of a model.

    `weights` is the generator's safetensors file beside the record where it is bundled, and `networks` has those of
    further networks by role; `repo` and `revision` (a commit) say where on the Hub it is published. `sha256` and `size`
    (bytes) are those of `weights`. `published` holds what the paper reports of its own weights, `measured` what was
    found of these, and `evaluation` the commands that find it again; `provenance` says how they were made.
    """

    name: str
    spec: str
    title: str
    status: str
    paper: Paper | None = None
    weights: Path | None = None
    networks: Mapping[Role, StoredWeights] = field(default_factory=dict)
    repo: str = ""
    revision: str = ""
    sha256: str = ""
    size: int = 0
    license: str = ""
    data: TrainingData | None = None
    published: tuple[Number, ...] = ()
    measured: tuple[Number, ...] = ()
    evaluation: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON values."""
        networks = {role: asdict(one) | {"path": str(one.path)} for role, one in self.networks.items()}
        return asdict(self) | {"weights": str(self.weights) if self.weights else None, "networks": networks}

    @property
    def whole_size(self) -> int:
        """Bytes of all its weights files."""
        return self.size + sum(one.size for one in self.networks.values())


def cards() -> dict[str, Card]:
    """Read every record, by name, in alphabetical order."""
    return {path.stem: read_card(path) for path in sorted(shipped_folder("zoo").glob("*.yaml"))}


def find_card(name: str) -> Card | None:
    """The record of that name, if there is one."""
    records = {path.stem: path for path in shipped_folder("zoo").glob("*.yaml")}
    return read_card(records[name]) if name in records else None


def read_card(path: Path) -> Card:
    """Read a record, checked against its schema.

    Raises:
        SpecError: the record says something it may not, or not what its status needs.
    """
    document = read_document(read_spec_text(path), str(path))
    problems = [*document.problems, *check_shape(document.data, document.places, schema())]
    problems += [] if problems else _status_problems(document)
    if problems:
        raise document.places.error(problems)
    data = {key: value for key, value in document.data.items() if key != "hitzoo_card"}
    if "file" in data:
        data["weights"] = path.with_name(data.pop("file"))
    data["networks"] = {
        role: StoredWeights(path=path.with_name(one["file"]), sha256=one["sha256"], size=one["size"])
        for role, one in data.get("networks", {}).items()
    }
    for key, kind in (("paper", Paper), ("data", TrainingData)):
        if key in data:
            data[key] = kind(**data[key])
    for key in ("published", "measured"):
        data[key] = tuple(Number(**entry) for entry in data.get(key, ()))
    return Card(**data)


def check_files(card: Card) -> dict[Role, Path]:
    """Return the weights files of a bundled model; refused where one is missing or not the recorded one.

    Raises:
        WeightsError: the installation is incomplete.
    """
    assert card.weights is not None, "the schema gives every bundled model a file"
    generator = StoredWeights(path=card.weights, sha256=card.sha256, size=card.size)
    recorded: dict[Role, StoredWeights] = {**card.networks, "generator": generator}
    for one in recorded.values():
        _check(one)
    return {role: one.path for role, one in recorded.items()}


def _check(recorded: StoredWeights) -> None:
    path = recorded.path
    if not path.is_file():
        raise WeightsError(f"{path} is missing; install hitzoo again")
    found = path.stat().st_size
    if found != recorded.size:
        raise WeightsError(f"{path} has {found:,} bytes instead of {recorded.size:,}; install hitzoo again")
    if hashlib.sha256(path.read_bytes()).hexdigest() != recorded.sha256:
        raise WeightsError(f"{path} was changed: its sha256 is not the recorded one; install hitzoo again")


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of records."""
    text = resources.files("hitzoo.zoo").joinpath("schema/card.schema.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


def _status_problems(document: Document) -> Iterator[Problem]:
    """A status is not ahead of the truth: what shows that there are weights must be there, or must not."""
    data, places = document.data, document.places
    status, properties = data["status"], schema()["properties"]
    for key in sorted(_NEEDED[status] - data.keys()):
        hint = str(properties[key].get("description", ""))
        yield places.problem((key,), f"missing key '{key}': a model that is {status} has it", hint)
    for key in sorted(_IMPOSSIBLE[status] & data.keys()):
        hint = f"change the status, or remove '{key}'"
        yield places.problem((key,), f"a model whose status is '{status}' has no '{key}'", hint, at_key=True)
