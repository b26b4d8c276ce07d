from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from hitzoo.errors import RequestError, UnknownNameError, WeightsError
from hitzoo.hub.locate import locate
from hitzoo.sampling.create import untrained
from hitzoo.sampling.load import load
from hitzoo.spec.write import to_yaml


@pytest.fixture
def model(tiny_generator, save, tmp_path) -> Path:
    return save(tmp_path / "model", tiny_generator())


@pytest.fixture
def shipped(tmp_path, monkeypatch) -> Path:
    """An installation of our own: folders `specs` and `zoo` to fill."""
    for kind in ("specs", "zoo"):
        (tmp_path / "shipped" / kind).mkdir(parents=True)
    for module in ("hitzoo.spec.shipped", "hitzoo.zoo.cards"):
        monkeypatch.setattr(f"{module}.shipped_folder", lambda kind: tmp_path / "shipped" / kind)
    return tmp_path / "shipped"


def test_a_model_folder_gives_the_same_images(model, tiny_generator) -> None:
    loaded, original = load(model, device="cpu"), tiny_generator()
    assert loaded.spec == original.spec
    assert loaded.plan == original.plan
    assert np.array_equal(loaded.sample(seeds=range(3)).raw, original.sample(seeds=range(3)).raw)
    assert not loaded.module.training
    assert load(str(model), device="cpu").name == "tiny"
    assert loaded.device == torch.device("cpu")


def test_a_run_folder_means_its_newest_checkpoint(model, save, tiny_generator, tmp_path) -> None:
    run = tmp_path / "run"
    for step, scale in ((2, 1.0), (10, 2.0), (9, 3.0)):
        generator = tiny_generator()
        with torch.no_grad():
            generator.module.initial.linear.weight.mul_(scale)
        save(run / "checkpoints" / f"step-{step:08d}", generator)
    assert locate(run).weights == run / "checkpoints" / "step-00000010" / "model.safetensors"
    weight = load(run, device="cpu").module.initial.linear.weight
    assert torch.equal(weight, 2 * tiny_generator().module.initial.linear.weight)


def test_a_run_without_a_checkpoint_and_a_folder_of_anything_are_told_apart(tmp_path) -> None:
    with pytest.raises(WeightsError, match=r"neither a model .* nor a run"):
        load(tmp_path, device="cpu")
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(WeightsError, match="a run without a checkpoint yet"):
        load(tmp_path, device="cpu")


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match=r"no model is named 'hit-b-ffhq25'.*did you mean 'hit-b-ffhq256'"):
        load("hit-b-ffhq25", device="cpu")
    with pytest.raises(UnknownNameError, match="did you mean 'hit-ti-critters64'"):
        load("hit-ti-critters", device="cpu")
    with pytest.raises(UnknownNameError, match="`hitzoo list` shows"):
        load("zebra", device="cpu")
    with pytest.raises(UnknownNameError, match="no folder has that path"):
        load("./hit-b-ffhq256", device="cpu")


def test_a_spec_without_weights_gives_three_ways_on() -> None:
    with pytest.raises(WeightsError) as caught:
        load("hit-b-ffhq256", device="cpu")
    lines = str(caught.value).splitlines()
    assert "spec without trained weights" in lines[0]
    assert "hitzoo train hit-b-ffhq256 --data" in lines[1]
    assert "hitzoo sample hit-ti-critters64" in lines[2]
    assert "hitzoo sample hit-b-ffhq256 --init random" in lines[3]
    assert len(lines) == 4


def enter(shipped: Path, model: Path, tiny_generator, **changes: object) -> None:
    """A card of the model named `mine`, with its spec and weights."""
    (shipped / "specs" / "tiny.yaml").write_text(to_yaml(tiny_generator().spec), encoding="utf-8")
    weights = shutil.copy(model / "model.safetensors", shipped / "zoo" / "mine.safetensors")
    content = Path(weights).read_bytes()
    card = {
        "hitzoo_card": 1,
        "name": "mine",
        "spec": "tiny",
        "title": "a test",
        "status": "bundled",
        "license": "Apache-2.0",
        "data": {"name": "noise", "license": "CC0-1.0"},
        "file": "mine.safetensors",
        "sha256": sha256(content).hexdigest(),
        "size": len(content),
        "provenance": {
            "command": "hitzoo train tiny",
            "seed": 0,
            "steps": 1,
            "images": 4,
            "hours": 0.1,
            "hardware": "a test",
            "date": "2026-01-01",
            "versions": "of today",
        },
    } | changes
    (shipped / "zoo" / "mine.yaml").write_text(yaml.safe_dump(card), encoding="utf-8")


def test_a_model_with_weights_is_suggested_before_one_without(shipped, model, tiny_generator) -> None:
    enter(shipped, model, tiny_generator)
    shutil.copy(shipped / "specs" / "tiny.yaml", shipped / "specs" / "minx.yaml")  # as near as the model `mine`
    with pytest.raises(UnknownNameError, match="did you mean 'mine'"):
        load("min", device="cpu")


def test_a_name_of_the_zoo_goes_before_a_folder(shipped, model, tiny_generator, tmp_path, monkeypatch) -> None:
    enter(shipped, model, tiny_generator)
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "mine").mkdir(parents=True)
    monkeypatch.chdir(elsewhere)
    assert locate("mine").weights == shipped / "zoo" / "mine.safetensors"
    assert np.array_equal(load("mine", device="cpu").sample().raw, tiny_generator().sample().raw)
    with pytest.raises(WeightsError, match="mine is neither a model"):
        load("./mine", device="cpu")


def test_a_bundled_file_of_another_size_is_refused(shipped, model, tiny_generator) -> None:
    enter(shipped, model, tiny_generator, size=5)
    with pytest.raises(WeightsError, match=r"mine\.safetensors has [\d,]+ bytes instead of 5"):
        load("mine", device="cpu")


def test_damaged_weights_are_named(model) -> None:
    file = model / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(WeightsError, match=str(file)):
        load(model, device="cpu")
    file.unlink()
    with pytest.raises(WeightsError, match=str(file)):
        load(model, device="cpu")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("generator.mlp_expansion=3", "holds the weights of another network"),
        ("generator.stages[0].heads=4", "another generator"),
        ("generator.stages[0].block_size=4", "another generator"),
    ],
)
def test_weights_of_another_generator_are_refused(save, tiny_generator, tmp_path, override, message) -> None:
    share = "generator.heads_share_kv=false"  # then no tensor's shape depends on the heads
    mine = save(tmp_path / "mine", tiny_generator(share))
    other = save(tmp_path / "other", tiny_generator(share, override))
    shutil.copy(other / "model.safetensors", mine / "model.safetensors")
    with pytest.raises(WeightsError, match=message):
        load(mine, device="cpu")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"spec": 3}', '{"hitzoo_format": 99, "spec": {}}'])
def test_a_config_that_is_none_is_refused(model, text) -> None:
    (model / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(WeightsError, match=r"config\.json"):
        load(model, device="cpu")


def test_config_and_spec_travel_with_the_weights(model, tiny_generator) -> None:
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    assert config["generator_plan"] == tiny_generator().plan.generator_hash
    assert config["spec"]["generator"]["stages"][1]["channels"] == 4


def test_a_name_too_long_for_a_file_is_unknown() -> None:
    with pytest.raises(UnknownNameError):
        load("a" * 300, device="cpu")


def test_untrained_is_what_training_begins_with(tiny_generator, tmp_path) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(to_yaml(tiny_generator().spec), encoding="utf-8")
    one, again, other = (untrained(str(path), seed=seed, device="cpu") for seed in (3, 3, 4))
    assert np.array_equal(one.sample().raw, again.sample().raw)
    assert not np.array_equal(one.sample().raw, other.sample().raw)


@pytest.mark.parametrize("model", [3, None, ["hit-ti-shapes32"]])
def test_load_of_no_name_is_refused(model) -> None:
    with pytest.raises(RequestError, match="given by its name or its folder"):
        load(model)
