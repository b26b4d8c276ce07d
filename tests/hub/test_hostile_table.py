"""Ninety repositories made to do harm, drawn from a table of kinds: pulled, looked at, looked at as JSON.

Whatever they hold: an answer or a refusal in words, nothing written outside the cache, nothing slow.
"""

from __future__ import annotations

import json
import math
import random
import struct
import sys
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from hitzoo.cli.app import main
from hitzoo.hub.manifest import manifest_of
from hitzoo.hub.upload import Published
from tests.hub.api import Answer
from tests.hub.repository import File, Repository
from tests.hub.server import HubServer

SEED = 20261126
ESCAPES = "\x1b]52;c;aGk=\x07\x1b[2J\u202e\x9b1m"


def deep(count: int) -> Any:
    value: Any = 1
    for _ in range(count):
        value = [value]
    return value


ODD: list[Any] = [
    None, True, -1, 0, 1.5, 1e308, 10**300, 2**63, "", "a" * 100_000, ESCAPES, "../../../../owned", "/tmp/owned",
    "{}", [], {}, [None], {"a": {}}, ["x", "x"], deep(40), deep(900), ["x"] * 5_000, {"\x1b[2J": 1},
]  # fmt: skip
TEXTS = [
    b"",
    b"\x00",
    b"\xff\xfe",
    b"[" * 100_000,
    b"{",
    b"[]",
    b"null",
    b"1",
    b'"x"',
    b"NaN",
    b"---\n- - -\n",
    b"\x80\x04\x95",
]
NAMES = [
    "../../../owned",
    "/tmp/owned",
    "..",
    ".",
    "",
    "a/../../owned",
    "a\\..\\owned",
    ESCAPES,
    "x" * 5_000,
    "CON",
]


@dataclass
class Case:
    """One repository in the making; `answer` changes what the Hub says of it."""

    server: HubServer
    repo: Repository
    draw: random.Random
    folder: Path

    def odd(self) -> Any:
        return self.draw.choice(ODD)

    def text(self) -> bytes:
        return self.draw.choice(TEXTS)

    def put(self, name: str, raw: bytes) -> None:
        self.repo.commit("main", {name: File(raw, large=name.endswith("safetensors"))})

    def json(self, name: str) -> Any:
        return json.loads(self.repo.read(name))

    def listed(self) -> None:
        """A manifest that says all of it is right."""
        places = {}
        for name, file in self.repo.head.files.items():
            if name != "manifest.json":
                places[name] = self.folder / f"listed-{len(places)}"
                places[name].write_bytes(file.content)
        self.put("manifest.json", str(manifest_of(places)).encode())

    def said(self, path: str, change: Callable[[Any], Any]) -> None:
        def answered(answer: Answer) -> Answer:
            return replace(answer, body=json.dumps(change(json.loads(answer.body))).encode())

        self.server.otherwise(path, answered)


def somewhere(case: Case, data: Any) -> Any:
    """The data with one value, anywhere in it, replaced by an odd one."""
    place, parents = data, []
    while isinstance(place, dict | list) and place and (not parents or case.draw.random() < 0.8):
        key = case.draw.choice(list(place)) if isinstance(place, dict) else case.draw.randrange(len(place))
        parents.append((place, key))
        place = place[key]
    if parents:
        parents[-1][0][parents[-1][1]] = case.odd()
    return data


def config_values(case: Case) -> None:
    case.put("config.json", json.dumps(somewhere(case, case.json("config.json"))).encode())
    case.listed()


def texts(case: Case) -> None:
    case.put(case.draw.choice(["config.json", "hitzoo.yaml", "manifest.json", "README.md"]), case.text())
    if case.draw.random() < 0.7:
        case.listed()


def spec_values(case: Case) -> None:
    config = case.json("config.json")
    case.put("hitzoo.yaml", json.dumps(somewhere(case, config["spec"])).encode())
    case.listed()


def manifests(case: Case) -> None:
    data = somewhere(case, case.json("manifest.json"))
    data = data if isinstance(data, dict) else {"hitzoo_manifest": 1, "files": {}}
    if isinstance(data.get("files"), dict):
        data["files"][case.draw.choice(NAMES)] = {"size": 1, "sha256": "0" * 64}
    case.put("manifest.json", json.dumps(data).encode())


def headers(case: Case) -> None:
    """The header of the weights, which is JSON before the tensors."""
    raw = case.repo.read("model.safetensors")
    size = struct.unpack("<Q", raw[:8])[0]
    header = somewhere(case, json.loads(raw[8 : 8 + size]))
    fresh = json.dumps(header).encode()
    if len(fresh) <= size and case.draw.random() < 0.7:
        fresh = fresh.ljust(size)  # the tensors stay where they were
    length = case.draw.choice([len(fresh)] * 4 + [0, 2**63, 2**64 - 1, len(raw)])
    case.put("model.safetensors", struct.pack("<Q", length) + fresh + raw[8 + size :])
    case.listed()


def header_metadata(case: Case) -> None:
    raw = case.repo.read("model.safetensors")
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + size])
    known = json.loads(header["__metadata__"]["hitzoo"])
    known[case.draw.choice(["step", "name", "architecture", "generator_plan", "seed"])] = case.odd()
    header["__metadata__"]["hitzoo"] = json.dumps(known)
    fresh = json.dumps(header).encode()
    case.put("model.safetensors", struct.pack("<Q", len(fresh)) + fresh + raw[8 + size :])
    case.listed()


def cards(case: Case) -> None:
    key = case.draw.choice(["license", "license_name", "datasets", "tags", "model-index", "metrics", "base_model"])
    value = (
        [{"name": "x", "results": [case.odd()]}] if key == "model-index" and case.draw.random() < 0.6 else case.odd()
    )
    case.put("README.md", f"---\n{json.dumps({key: value}, ensure_ascii=False)}\n---\n# x\n".encode(errors="replace"))


def listings(case: Case) -> None:
    def change(data: Any) -> Any:
        key = case.draw.choice(list(data))
        if key == "siblings" or case.draw.random() < 0.5:
            entry = case.draw.choice(data["siblings"])
            entry[case.draw.choice(list(entry))] = case.odd()
            data["siblings"].append({"rfilename": case.draw.choice(NAMES), "size": 5})
        else:
            data[key] = case.odd()
        return data

    case.said(r"^/api/models/acme/tiny(/revision/\w+)?$", change)


def descriptions(case: Case) -> None:
    """Sizes and hashes that are asked for, since the list has none."""

    def bare(data: Any) -> Any:
        return data | {"siblings": [{"rfilename": entry["rfilename"]} for entry in data["siblings"]]}

    case.said(r"^/api/models/acme/tiny(/revision/\w+)?$", bare)
    case.said(r"/paths-info/", lambda data: somewhere(case, data))


def references(case: Case) -> None:
    case.said("/refs$", lambda data: somewhere(case, data))


def file_names(case: Case) -> None:
    for name in case.draw.sample(NAMES, 4):
        case.repo.commit("main", {name: File(b"owned", large=case.draw.random() < 0.5)})


def answers(case: Case) -> None:
    """Something else than the JSON that is wanted."""
    path = case.draw.choice([r"^/api/models/acme/tiny", "/refs$", "/resolve/.*config.json", "/resolve/.*safetensors"])
    raw, status = case.text(), case.draw.choice([200, 200, 200, 201, 204, 299, 301, 404, 418])
    case.server.otherwise(path, lambda answer: Answer(status, raw, {**answer.headers, "X-Error-Message": "x\x1b[2J"}))


KINDS = [
    config_values, texts, spec_values, manifests, headers, header_metadata, cards, listings, descriptions, references,
    file_names, answers,
]  # fmt: skip
EACH = {header_metadata: 12, config_values: 10, headers: 10, listings: 10}
assert sum(EACH.get(kind, 6) for kind in KINDS) == 90


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the pauses of the client, and of ours


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """The command as it is; anything but an answer or a refusal in words fails."""

    def call(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["hitzoo", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as leaving:
            main()
        printed = capsys.readouterr()
        assert (leaving.value.code or 0) in (0, 2), printed.out + printed.err
        assert "Traceback" not in printed.err
        assert (leaving.value.code or 0) == 0 or printed.err.strip()
        return printed.out

    return call


def around(home: Path) -> Iterator[tuple[str, int]]:
    """What lies outside the cache."""
    for path in home.rglob("*"):
        if home / "hf" not in path.parents:
            yield str(path), path.lstat().st_size


@pytest.mark.parametrize("share", [1 / 3, pytest.param(1, marks=pytest.mark.exhaustive)], ids=["third", "all"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_hostile_repository(
    server: HubServer,
    published: Published,
    tmp_path: Path,
    command: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    kind: Callable[[Case], None],
    share: float,
) -> None:
    whole = deepcopy(server.repos["acme/tiny"])
    (tmp_path / "work").mkdir()
    (tmp_path / "hf" / "made").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    before = dict(around(tmp_path))
    for number in range(math.ceil(share * EACH.get(kind, 6))):
        server.repos["acme/tiny"], server.changes = deepcopy(whole), []
        case = Case(
            server,
            server.repos["acme/tiny"],
            random.Random(f"{SEED} {kind.__name__} {number}"),
            tmp_path / "hf" / "made",
        )
        kind(case)
        began = time.monotonic()
        command("pull", "acme/tiny")
        command("info", "acme/tiny")
        if said := command("info", "acme/tiny", "--json"):
            json.loads(said)
        assert time.monotonic() - began < 60, f"{kind.__name__} {number}"
        assert dict(around(tmp_path)) == before, f"{kind.__name__} {number} wrote outside the cache"
    assert not Path("/tmp/owned").exists()
