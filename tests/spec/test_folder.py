"""The spec of a folder: of a run, of a published model, of a model folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hitzoo.errors import SpecError, UnknownNameError
from hitzoo.families.load import load_spec, parse_spec
from hitzoo.spec.convert import to_data
from hitzoo.spec.shipped import find_spec
from hitzoo.spec.types import Spec
from hitzoo.spec.write import to_yaml
from tests.conftest import Run


@pytest.fixture
def model(tmp_path: Path, tiny_spec: Spec) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"hitzoo_format": 1, "spec": to_data(tiny_spec)}))
    return folder


def test_spec_of_a_model_folder(model: Path, tiny_spec: Spec) -> None:
    assert find_spec(str(model)) == model / "config.json"
    assert load_spec(model) == load_spec(model / "config.json") == tiny_spec


@pytest.mark.parametrize("name", ["spec.yaml", "hitzoo.yaml"])
def test_spec_as_it_was_written_goes_before_the_config(model: Path, tiny_text: str, name: str) -> None:
    (model / name).write_text(tiny_text.replace("name: tiny", "name: written"))
    assert load_spec(model).name == "written"


@pytest.mark.parametrize("text", ["", "[1]", '{"spec"', "{}", "[" * 100_000])
def test_config_without_a_spec(model: Path, text: str) -> None:
    (model / "config.json").write_text(text)
    with pytest.raises(SpecError, match=r"config\.json\n  it is not the config of a hitzoo model"):
        load_spec(model)


def test_folder_without_a_spec(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="is a folder without a spec, neither a run nor a model"):
        find_spec(str(tmp_path))


def test_verbs_of_specs_take_folders(run: Run, model: Path, tiny_spec: Spec, tmp_path: Path) -> None:
    (tmp_path / "runs" / "a").mkdir(parents=True)
    (tmp_path / "runs" / "a" / "spec.yaml").write_text(to_yaml(tiny_spec).replace("batch_size: 4", "batch_size: 8"))
    assert parse_spec(run("show", "model").stdout) == parse_spec(run("show", "--resolved", "model").stdout) == tiny_spec
    assert json.loads(run("diff", "model", "runs/a", "--json").stdout) == {"training.batch_size": {"a": 4, "b": 8}}
    run("check", "runs/a")
    run("new", "mine.yaml", "--from", "runs/a")
    text = (tmp_path / "mine.yaml").read_text()
    assert "hitzoo diff runs/a mine.yaml" in text
    assert "summary: made from tiny" in text
    assert json.loads(run("diff", "mine.yaml", "runs/a", "--json").stdout) == {}
    assert json.loads(run("build", "model", "--json").stdout)["name"] == "tiny"
