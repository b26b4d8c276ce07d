"""The records of models whose weights exist."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from hitzoo.errors import SpecError, WeightsError
from hitzoo.plan.compile import compile_spec
from hitzoo.spec.load import load_spec
from hitzoo.spec.shipped import shipped_folder
from hitzoo.zoo.cards import Card, cards, check_file, find_card, read_card, schema

CARD = f"""\
hitzoo_card: 1
name: tiny
spec: hit-ti-shapes32
title: a tiny model
status: bundled
license: Apache-2.0
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
    assert (card.spec, card.size) == ("hit-ti-shapes32", 5)
    assert card.provenance["date"] == "2026-01-31"
    check_file(card)


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
        '  "bundeled" is not one of: bundled',
        "  did you mean 'bundled'?",
        "tiny.yaml:6:7  file",
        '  "../tiny.safetensors" is not possible here',
        "  The weights file beside the record.",
        "tiny.yaml:10:3  provenance.seed",
        "  missing key 'seed'",
        "tiny.yaml:11:3  provenance.seeed",
        "  unknown key 'seeed'",
        "  did you mean 'seed'?; allowed: command, date, hardware, hours, images, seed, steps, versions",
    ]


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("sha256: ", "sha256: x", "tiny.yaml:8:9  sha256"),
        ("size: 5", "size: 0", "tiny.yaml:9:7  size"),
        ("date: 2026-01-31", "date: 31.1.2026", "tiny.yaml:17:9  provenance.date"),
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
        check_file(card)
    assert str(caught.value) == f"{card.weights} has 4 bytes instead of 5; install hitzoo again"
    card.weights.write_bytes(b"12346")
    with pytest.raises(WeightsError) as caught:
        check_file(card)
    changed = "was changed: its sha256 is not the recorded one"
    assert str(caught.value) == f"{card.weights} {changed}; install hitzoo again"
    card.weights.unlink()
    with pytest.raises(WeightsError) as caught:
        check_file(card)
    assert str(caught.value) == f"{card.weights} is missing; install hitzoo again"


def test_the_schema_and_the_card_have_the_same_keys() -> None:
    Draft202012Validator.check_schema(schema())
    keys = set(schema()["properties"]) - {"hitzoo_card", "file"} | {"weights"}
    assert keys == {item.name for item in fields(Card)}
    assert set(schema()["required"]) == set(schema()["properties"])


def test_every_shipped_record() -> None:
    """Zero or more: whatever is shipped is true of its file."""
    files = {path.name for path in shipped_folder("zoo").glob("*.safetensors")}
    for name, card in cards().items():
        check_file(card)
        assert card.name == name
        assert compile_spec(load_spec(card.spec)).name == card.spec
        files.remove(card.weights.name)
    assert files == set()
