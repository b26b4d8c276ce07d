"""The records of models whose weights exist."""

from __future__ import annotations

import hashlib
import re
from dataclasses import fields
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from hitzoo.errors import SpecError, WeightsError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.spec.shipped import shipped_folder, shipped_specs
from hitzoo.zoo.cards import (
    BUNDLED,
    Card,
    Number,
    Paper,
    TrainingData,
    cards,
    check_files,
    find_card,
    read_card,
    schema,
)

CARD = f"""\
hitzoo_card: 1
name: tiny
spec: hit-ti-shapes32
title: a tiny model
status: bundled
license: Apache-2.0
data: {{name: noise, license: CC0-1.0}}
file: tiny.safetensors
sha256: {hashlib.sha256(b"12345").hexdigest()}
size: 5
provenance:
  command: hitzoo train tiny
  seed: 0
  steps: 10
  images: 320
  hours: 1
  hardware: 2 CPU cores
  date: 2026-01-31
  versions: hitzoo 0.1.0
"""


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tiny.yaml").write_text(CARD, encoding="utf-8")
    (tmp_path / "tiny.safetensors").write_bytes(b"12345")
    monkeypatch.setattr("hitzoo.zoo.cards.shipped_folder", lambda kind: tmp_path)
    return tmp_path


def said(zoo: Path, *changes: tuple[str, str]) -> str:
    text = CARD
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = zoo / "tiny.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        read_card(path)
    return str(caught.value).replace(str(path), "tiny.yaml")


def test_a_record(zoo: Path) -> None:
    card = find_card("tiny")
    assert card is not None
    assert cards() == {"tiny": card}
    assert card.weights == zoo / "tiny.safetensors"
    assert card.data == TrainingData(name="noise", license="CC0-1.0")
    assert (card.spec, card.size) == ("hit-ti-shapes32", 5)
    assert card.provenance["date"] == "2026-01-31"
    check_files(card)


@pytest.mark.parametrize("name", ["other", "tiny.yaml", "../zoo/tiny", "", "x" * 5000, "t*"])
def test_a_name_without_a_record(zoo: Path, name: str) -> None:
    assert find_card(name) is None


def test_records_come_in_the_order_of_their_names(zoo: Path) -> None:
    for name in ("zebra", "ant"):
        (zoo / f"{name}.yaml").write_text(CARD.replace("name: tiny", f"name: {name}"), encoding="utf-8")
    (zoo / "notes.md").touch()
    assert list(cards()) == ["ant", "tiny", "zebra"]


def test_a_record_that_says_what_it_may_not(zoo: Path) -> None:
    message = said(
        zoo,
        ("title: a tiny model\n", ""),
        ("status: bundled", "status: bundeled"),
        ("file: tiny.safetensors", "file: ../tiny.safetensors"),
        ("  seed: 0\n", "  seeed: 0\n"),
    )
    assert message.splitlines() == [
        "tiny.yaml:1:1  title",
        "  missing key 'title'",
        "  One line for people.",
        "tiny.yaml:4:9  status",
        '  "bundeled" is not one of: bundled, published, spec only',
        "  did you mean 'bundled'?",
        "tiny.yaml:7:7  file",
        '  "../tiny.safetensors" is not possible here',
        "  The weights file beside the record.",
        "tiny.yaml:11:3  provenance.seed",
        "  missing key 'seed'",
        "tiny.yaml:12:3  provenance.seeed",
        "  unknown key 'seeed'",
        "  did you mean 'seed'?; allowed: command, date, hardware, hours, images, seed, steps, versions",
    ]


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("sha256: ", "sha256: x", "tiny.yaml:9:9  sha256"),
        ("size: 5", "size: 0", "tiny.yaml:10:7  size"),
        ("date: 2026-01-31", "date: 31.1.2026", "tiny.yaml:18:9  provenance.date"),
        ("name: tiny", "name: tiny\nname: tiny", "tiny.yaml:3:1  name"),
    ],
)
def test_other_mistakes(zoo: Path, old: str, new: str, place: str) -> None:
    assert said(zoo, (old, new)).splitlines()[0] == place


def test_weights_that_are_not_there_whole(zoo: Path) -> None:
    card = find_card("tiny")
    assert card is not None
    card.weights.write_bytes(b"1234")
    with pytest.raises(WeightsError) as caught:
        check_files(card)
    assert str(caught.value) == f"{card.weights} has 4 bytes instead of 5; install hitzoo again"
    card.weights.write_bytes(b"12346")
    with pytest.raises(WeightsError) as caught:
        check_files(card)
    changed = "was changed: its sha256 is not the recorded one"
    assert str(caught.value) == f"{card.weights} {changed}; install hitzoo again"
    card.weights.unlink()
    with pytest.raises(WeightsError) as caught:
        check_files(card)
    assert str(caught.value) == f"{card.weights} is missing; install hitzoo again"


def test_further_networks_are_checked_too(zoo: Path) -> None:
    digest = hashlib.sha256(b"67").hexdigest()
    of_encoder = f"networks:\n  encoder: {{file: tiny-encoder.safetensors, sha256: {digest}, size: 2}}\n"
    (zoo / "tiny.yaml").write_text(CARD + of_encoder, encoding="utf-8")
    (zoo / "tiny-encoder.safetensors").write_bytes(b"67")
    card = find_card("tiny")
    assert card is not None
    assert check_files(card) == {
        "generator": zoo / "tiny.safetensors",
        "encoder": zoo / "tiny-encoder.safetensors",
    }
    assert card.whole_size == 7
    (zoo / "tiny-encoder.safetensors").write_bytes(b"68")
    with pytest.raises(WeightsError, match=r"tiny-encoder\.safetensors was changed"):
        check_files(card)


def test_the_schema_and_the_card_have_the_same_keys() -> None:
    Draft202012Validator.check_schema(schema())
    keys = set(schema()["properties"]) - {"hitzoo_card", "file"} | {"weights"}
    assert keys == {item.name for item in fields(Card)}
    for key, kind in (("paper", Paper), ("data", TrainingData)):
        assert set(schema()["properties"][key]["properties"]) == {item.name for item in fields(kind)}
    assert set(schema()["$defs"]["number"]["properties"]) == {item.name for item in fields(Number)}


NEEDED = {
    "bundled": ["data", "file", "license", "provenance", "sha256", "size"],
    "published": ["data", "license", "provenance", "repo", "revision", "sha256", "size"],
    "spec only": [],
}


def bare(status: str) -> str:
    return f"hitzoo_card: 1\nname: tiny\nspec: hit-ti-shapes32\ntitle: t\nstatus: {status}\n"


@pytest.mark.parametrize("status", NEEDED)
def test_a_status_needs_what_shows_that_it_is_true(zoo: Path, status: str) -> None:
    path = zoo / "tiny.yaml"
    path.write_text(bare(status), encoding="utf-8")
    if not NEEDED[status]:
        assert read_card(path).status == status
        return
    with pytest.raises(SpecError) as caught:
        read_card(path)
    said = [line.strip() for line in str(caught.value).splitlines() if "missing key" in line]
    assert said == [f"missing key '{key}': a model that is {status} has it" for key in NEEDED[status]]


OF_WEIGHTS = {
    "file": "tiny.safetensors",
    "networks": "{encoder: {file: e.safetensors, sha256: " + "b" * 64 + ", size: 5}}",
    "repo": "acme/tiny",
    "revision": "a" * 40,
    "sha256": "b" * 64,
    "size": "5",
    "license": "mit",
    "measured": "[]",
}


@pytest.mark.parametrize("key", OF_WEIGHTS)
def test_what_nobody_has_published_has_no_weights(zoo: Path, key: str) -> None:
    path = zoo / "tiny.yaml"
    path.write_text(f"{bare('spec only')}{key}: {OF_WEIGHTS[key]}\n", encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        read_card(path)
    assert str(caught.value).splitlines() == [
        f"{path}:6:1  {key}",
        f"  a model whose status is 'spec only' has no '{key}'",
        f"  change the status, or remove '{key}'",
    ]


def test_a_published_record(zoo: Path) -> None:
    text = CARD.replace("status: bundled", "status: published")
    text = text.replace("file: tiny.safetensors", f"repo: acme/tiny\nrevision: {'a' * 40}")
    numbers = "published: [{metric: fid, value: 3, protocol: p}]\nmeasured: [{metric: fid, value: 4.5, protocol: q}]\n"
    (zoo / "tiny.yaml").write_text(text + numbers, encoding="utf-8")
    card = find_card("tiny")
    assert card is not None
    assert (card.repo, card.revision, card.weights) == ("acme/tiny", "a" * 40, None)
    assert card.published == (Number(metric="fid", value=3, protocol="p"),)
    assert card.measured == (Number(metric="fid", value=4.5, protocol="q"),)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("revision: " + "a" * 40, "revision: v1", "revision"),
        ("repo: acme/tiny", "repo: tiny", "repo"),
        ("repo: acme/tiny", "repo: ../tiny", "repo"),
        ("repo: acme/tiny", "repo: acme/tiny\nfile: tiny.safetensors", "file"),
    ],
)
def test_a_published_record_is_pinned(zoo: Path, old: str, new: str, place: str) -> None:
    text = CARD.replace("status: bundled", "status: published")
    text = text.replace("file: tiny.safetensors", f"repo: acme/tiny\nrevision: {'a' * 40}")
    assert old in text
    (zoo / "tiny.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(SpecError, match=rf"tiny\.yaml:\d+:\d+  {place}"):
        read_card(zoo / "tiny.yaml")


def test_every_shipped_record() -> None:
    """Zero or more: whatever is shipped is true of its file."""
    files = {path.name for path in shipped_folder("zoo").glob("*.safetensors")}
    for name, card in cards().items():
        assert card.name == name
        assert compile_spec(load_spec(card.spec)).name == card.spec
        if card.status == BUNDLED:
            checked = check_files(card)
            files -= {path.name for path in checked.values()}
            assert checked.keys() == compile_spec(load_spec(card.spec)).networks.keys() - {"discriminator"}
    assert files == set()


def test_every_shipped_spec_has_a_record() -> None:
    assert {card.spec for card in cards().values()} == set(shipped_specs())


def test_numbers_of_the_paper_are_those_in_the_head_of_its_spec() -> None:
    for name, card in cards().items():
        head = (shipped_folder("specs") / f"{card.spec}.yaml").read_text(encoding="utf-8").split("hitzoo: 1")[0]
        written = re.search(r"published +(.*)", head)
        said = re.findall(r"\b(r?FID|IS) ([\d.]*\d)", written[1]) if written else []
        said += [("images_per_second", value) for value in re.findall(r"\b([\d.]+) images/s on", head)]
        assert {(key.lower(), float(value)) for key, value in said} == {
            (number.metric, number.value) for number in card.published
        }, name
