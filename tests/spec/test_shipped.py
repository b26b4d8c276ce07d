"""Finding specs, and what every shipped one holds to."""

from __future__ import annotations

from pathlib import Path

import pytest

from hitzoo.errors import UnknownNameError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.spec.shipped import find_spec, shipped_specs

NAMES = sorted(shipped_specs())


def refused(name: str) -> str:
    with pytest.raises(UnknownNameError) as caught:
        find_spec(name)
    return str(caught.value)


def test_the_published_models_are_shipped() -> None:
    assert {"hit-b-ffhq256", "hit-imagenet128"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_spec(name: str) -> None:
    path = find_spec(name)
    spec = load_spec(name)
    assert spec.name == path.stem == name
    assert spec.summary
    assert spec.data.resolution == compile_spec(spec).generator.resolution
    lines = path.read_text(encoding="utf-8").splitlines()
    head = lines[: lines.index("hitzoo: 1")]
    assert head[0] == "# yaml-language-server: $schema=../hitzoo/spec/schema/spec.schema.json"
    assert all(line.startswith("#") for line in head)
    (command,) = [line for line in head if line.startswith("#   command ")]
    assert command.split()[2:5] == ["hitzoo", "train", name]


def test_a_pattern_chooses_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b.yaml", "a-1.yaml", "a-2.yaml", "a-3.yml", "a.txt"):
        (tmp_path / name).touch()
    monkeypatch.setattr("hitzoo.spec.shipped.shipped_folder", lambda kind: tmp_path)
    assert shipped_specs() == {name: tmp_path / f"{name}.yaml" for name in ("a-1", "a-2", "b")}
    assert list(shipped_specs("a-*")) == ["a-1", "a-2"]
    assert list(shipped_specs("A-*")) == []


def test_a_file_goes_before_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_spec("hit-b-ffhq256").name == "hit-b-ffhq256.yaml"
    monkeypatch.chdir(tmp_path)
    Path("hit-b-ffhq256").touch()
    assert find_spec("hit-b-ffhq256") == Path("hit-b-ffhq256")
    Path("sub").mkdir()
    Path("sub/mine.yaml").touch()
    assert find_spec("sub/mine.yaml") == Path("sub/mine.yaml")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "hit-b-ffhq25",
            "no spec is named 'hit-b-ffhq25' and no file has that path; did you mean 'hit-b-ffhq256'?",
        ),
        ("other", "no spec is named 'other' and no file has that path; `hitzoo list` shows the shipped ones"),
        (
            "folder",
            "folder is a folder without a spec, neither a run nor a model; give one of these, a spec file"
            " or the name of a shipped spec",
        ),
        ("mine.yaml", "no such spec file: mine.yaml"),
        ("sub/mine", "no such spec file: sub/mine"),
        ("sub/hit-b-ffhq25.yml", "no such spec file: sub/hit-b-ffhq25.yml; did you mean 'hit-b-ffhq256'?"),
        ("x" * 5000, f"{'x' * 80} cannot be read: File name too long"),
    ],
)
def test_a_name_that_nothing_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    assert refused(name) == message
