"""A model as a folder of two files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from hitzoo.errors import SpecError, WeightsError
from hitzoo.families.build import build_generator
from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.spec.types import Spec
from hitzoo.zoo.model_folder import config_of, load_generator, open_model, weights_metadata, write_model
from hitzoo.zoo.weights import read_metadata, read_tensors, save_weights


@pytest.fixture
def generator(tiny_plan: ModelPlan) -> nn.Module:
    return build_generator(tiny_plan)


@pytest.fixture
def folder(tmp_path: Path, tiny_spec: Spec, tiny_plan: ModelPlan, generator: nn.Module) -> Path:
    write_model(tmp_path, tiny_spec, tiny_plan, generator.state_dict(), step=7)
    return tmp_path


def read(folder: Path) -> nn.Module:
    found = open_model(folder)
    module = build_generator(found.plan)
    load_generator(found, module)
    return module


def said(folder: Path) -> str:
    with pytest.raises(WeightsError) as caught:
        read(folder)
    return str(caught.value)


def change(folder: Path, **entries: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | entries), encoding="utf-8")


def test_a_model_comes_back(folder: Path, tiny_spec: Spec, tiny_plan: ModelPlan, generator: nn.Module) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]
    found = open_model(folder)
    assert (found.spec, found.plan, found.weights) == (tiny_spec, tiny_plan, folder / "model.safetensors")
    again = read(folder).state_dict()
    assert all(torch.equal(tensor, again[name]) for name, tensor in generator.state_dict().items())


def test_what_is_written_of_a_model(folder: Path, tiny_spec: Spec, tiny_plan: ModelPlan) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config == config_of(tiny_spec, tiny_plan)
    assert (config["hitzoo_format"], config["architecture"], config["name"]) == (1, "hit", "tiny")
    assert config["generator_plan"] == tiny_plan.generator_hash
    assert config["spec"]["training"]["ema"]["decay"] == 0.999
    assert read_metadata(folder / "model.safetensors") == {
        "name": "tiny",
        "architecture": "hit",
        "generator_plan": tiny_plan.generator_hash,
        "step": 7,
    }


def test_weights_that_fit_but_were_made_for_another_generator(
    folder: Path, tiny_text: str, tiny_plan: ModelPlan
) -> None:
    other = compile_spec(parse_spec(tiny_text, overrides=["generator.stages[1].block_size=2"]))
    weights = folder / "model.safetensors"
    save_weights(weights, read_tensors(weights), weights_metadata(other))
    assert said(folder) == (
        f"{weights} was made for another generator than the one tiny now describes, though every tensor fits: heads, "
        f"block sizes or norm differ (plan {other.generator_hash[:12]} in the file, "
        f"{tiny_plan.generator_hash[:12]} wanted)"
    )
    save_weights(weights, read_tensors(weights), {"generator_plan": 5})
    assert "(plan 5 in the file, " in said(folder)


def test_weights_of_other_shapes(folder: Path, tiny_text: str) -> None:
    other = compile_spec(parse_spec(tiny_text, overrides=["generator.latent_dim=9"]))
    weights = folder / "model.safetensors"
    save_weights(weights, build_generator(other).state_dict(), weights_metadata(other))
    assert said(folder).startswith(
        f"{weights} holds the weights of another network:\n  initial.linear.weight is 2048×9"
    )


def test_weights_that_say_nothing_of_their_plan_are_left_to_their_shapes(folder: Path, generator: nn.Module) -> None:
    weights = folder / "model.safetensors"
    save_weights(weights, read_tensors(weights), {"made_by": "somebody"})
    assert read(folder).state_dict().keys() == generator.state_dict().keys()


@pytest.mark.parametrize("raw", [b"{", b"", b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_config(folder: Path, raw: bytes) -> None:
    (folder / "config.json").write_bytes(raw)
    assert said(folder).startswith(f"{folder / 'config.json'} cannot be read as JSON: ")


@pytest.mark.parametrize("text", ["[]", "{}", "null", '{"model_type": "bert"}'])
def test_a_config_of_something_else(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text, encoding="utf-8")
    assert said(folder) == f"{folder / 'config.json'} is not the config of a hitzoo model: it has no hitzoo_format"


def test_a_config_without_a_spec(folder: Path) -> None:
    change(folder, spec=None)
    assert said(folder) == f"{folder / 'config.json'} is not the config of a hitzoo model: it holds no spec"


def test_a_config_of_a_later_format(folder: Path) -> None:
    change(folder, hitzoo_format=2, spec="elsewhere")
    message = "has format 2; this hitzoo reads format 1: install a newer one"
    assert said(folder) == f"{folder / 'config.json'} {message}"


def test_a_spec_inside_that_is_none(folder: Path, tiny_spec: Spec, tiny_plan: ModelPlan) -> None:
    spec = config_of(tiny_spec, tiny_plan)["spec"]
    change(folder, spec=spec | {"data": {"chanels": 3}})
    with pytest.raises(SpecError) as caught:
        open_model(folder)
    assert str(caught.value).startswith(
        f"{folder / 'config.json'}  data.chanels\n  unknown key 'chanels'\n  did you mean"
    )
    change(folder, spec=spec | {"data": {"resolution": 64}})
    with pytest.raises(SpecError) as caught:
        open_model(folder)
    assert str(caught.value).startswith(f"{folder / 'config.json'}  data.resolution\n  the last stage reaches 32")


def test_missing_files(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert said(folder) == f"no weights file at {folder / 'model.safetensors'}"
    (folder / "config.json").unlink()
    assert said(folder) == f"{folder} is not a model: it has no config.json"


def test_cut_weights(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    assert said(folder).startswith(f"{weights} is cut or is not a safetensors file")
