"""`hitzoo.train`: the run that the command makes, from a program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import hitzoo
from hitzoo.errors import ArgumentError
from hitzoo.training.run.record import RunRecord
from tests.support import TINY_HIT


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY_HIT + "training: {batch_size: 4, steps: 2}\n")
    return path


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    return hitzoo.load(folder, device="cpu").state_dict()


def test_train_makes_a_run_named_by_its_folder(spec: Path, tmp_path: Path) -> None:
    end = hitzoo.train(spec, out=tmp_path / "runs" / "Mine", data="synthetic", device="cpu", seed=3)
    assert (end.step, end.signal, end.folder) == (2, None, tmp_path / "runs" / "Mine")
    about = json.loads((end.folder / "run.json").read_text())
    assert (about["name"], about["made_from"], about["seed"]) == ("mine", "tiny", 3)
    assert hitzoo.load(end.folder, device="cpu").name == "mine"


def test_train_takes_a_spec_and_overrides_of_a_file(spec: Path, tmp_path: Path) -> None:
    one = hitzoo.train(hitzoo.load_spec(spec, ["training.steps=1"]), out=tmp_path / "one", data="synthetic")
    other = hitzoo.train(str(spec), out=str(tmp_path / "other"), data="synthetic", overrides=["training.steps=1"])
    assert one.step == other.step == 1
    found, expected = tensors(other.folder), tensors(one.folder)
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_resumed_run_is_the_uninterrupted_one(spec: Path, tmp_path: Path) -> None:
    whole = hitzoo.train(spec, out=tmp_path / "whole", data="synthetic", overrides=["training.steps=3"])
    hitzoo.train(spec, out=tmp_path / "parts", data="synthetic")
    end = hitzoo.train(out=tmp_path / "parts", resume=True, overrides=["training.steps=3"])
    assert end.step == 3
    found, expected = tensors(end.folder), tensors(whole.folder)
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert hitzoo.load(end.folder).name == "parts"


def test_resumed_run_stays_deterministic_until_told_otherwise(spec: Path, tmp_path: Path) -> None:
    def remembered() -> bool:
        return RunRecord(tmp_path / "run").last_session()["options"]["deterministic"]

    hitzoo.train(spec, out=tmp_path / "run", data="synthetic", deterministic=True)
    assert remembered()
    for steps, given, expected in ((3, None, True), (4, False, False)):
        overrides = {"training.steps": steps}
        hitzoo.train(out=tmp_path / "run", resume=True, overrides=overrides, deterministic=given)
        assert remembered() is expected


def test_train_without_a_spec_is_refused(spec: Path, tmp_path: Path) -> None:
    for resume in (False, True):
        with pytest.raises(hitzoo.RequestError, match=r"give a spec: a name that hitzoo\.list_models"):
            hitzoo.train(out=tmp_path / "nothing", data="synthetic", resume=resume)
    with pytest.raises(hitzoo.RequestError, match="overrides change a spec that is read"):
        hitzoo.train(hitzoo.load_spec(spec), out=tmp_path / "x", data="synthetic", overrides=["training.steps=1"])
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("precision", "fp16"),
        ("seed", "a"),
        ("seed", -1),
        ("compiled", "no"),
        ("deterministic", "no"),
        ("optimized", 1),
        ("batch_per_device", "x"),
        ("batch_per_device", 0),
        ("workers", -1),
        ("log_every", 0),
        ("sample_every", 0),
        ("checkpoint_every", 0),
        ("keep", 0),
        ("keep", 2.5),
        ("time_limit", -1),
        ("time_limit", "2h"),
        ("inception_weights", 3),
    ],
)
def test_impossible_argument_is_refused_by_name(spec: Path, tmp_path: Path, argument: str, value: Any) -> None:
    with pytest.raises(ArgumentError, match=f"^{argument} '{value}': "):
        hitzoo.train(spec, out=tmp_path / "x", data="synthetic", **{argument: value})
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("spelling", ["bf16", "bfloat16"])
def test_every_spelling_of_a_precision_trains_in_it(spec: Path, tmp_path: Path, spelling: str) -> None:
    end = hitzoo.train(spec, out=tmp_path / "x", data="synthetic", device="cpu", precision=spelling)
    assert RunRecord(end.folder).last_session()["options"]["precision"] == "bf16"


def test_resumed_run_takes_over_the_options_of_its_last_session(spec: Path, tmp_path: Path) -> None:
    begun = {"precision": "bf16", "optimized": True, "sample_every": 1, "checkpoint_every": 2, "keep": 5}
    out = hitzoo.train(spec, out=tmp_path / "x", data="synthetic", device="cpu", **begun).folder
    first = RunRecord(out).last_session()["options"]
    hitzoo.train(out=out, resume=True, device="cpu", keep=2, optimized=False, overrides=["training.steps=3"])
    assert RunRecord(out).last_session()["options"] == first | {"keep": 2, "fast": False}
    assert (first["precision"], first["sample_every"], first["keep"]) == ("bf16", 1, 5)


@pytest.mark.parametrize("overrides", ["training.steps=1", {"training.steps": 1}])
def test_train_takes_one_override_and_a_mapping(spec: Path, tmp_path: Path, overrides: Any) -> None:
    assert hitzoo.train(spec, out=tmp_path / "x", data="synthetic", device="cpu", overrides=overrides).step == 1
