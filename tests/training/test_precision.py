"""Runs in bfloat16: finite, near those in float32, with weights, losses and optimizers in float32."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch.nn.modules.module import register_module_forward_pre_hook

from hitzoo.runtime import float32_precision
from hitzoo.runtime.distributed import ALONE
from hitzoo.training.engine.execution import Execution
from hitzoo.training.run import setup
from hitzoo.training.run.events import NoEvents
from hitzoo.training.run.loop import train
from hitzoo.training.run.options import RunOptions
from tests.training.two_processes import BOTH, images, make


def options(out: Path, **changes: object) -> RunOptions:
    return RunOptions(**{"out": out, "device": "cpu", "log_every": 1, "seed": 3, **changes})


class Notes(NoEvents):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def noted(self, message: str) -> None:
        self.notes.append(message)


@pytest.mark.parametrize("more", [[], ["generator.norm=layer", "discriminator.minibatch_std=2"]], ids=["alone", "meet"])
def test_a_run_is_near_that_in_float32(tiny_spec, tmp_path, monkeypatch, more) -> None:
    monkeypatch.setattr(setup, "training_note", lambda device, precision: f"{precision} on {device}")
    events = Notes(), Notes()
    spec = tiny_spec(BOTH, *more, "training.steps=3", "training.optimizer.learning_rate=0.001")
    ends = [
        train(spec, options(tmp_path / name, precision=name), seen)
        for name, seen in zip(("float32", "bf16"), events, strict=True)
    ]
    assert [f"note: {name} on cpu" in seen.notes for name, seen in zip(("float32", "bf16"), events, strict=True)] == [
        True,
        True,
    ]
    exact, half = (
        [json.loads(line) for line in (end.folder / "metrics.jsonl").read_text().splitlines()] for end in ends
    )
    for one, other in zip(exact, half, strict=True):
        for name in ("loss/generator", "loss/discriminator", "loss/r1", "loss/bcr", "d_real", "d_fake"):
            assert math.isfinite(other[name])
            assert other[name] == pytest.approx(one[name], rel=0.1, abs=0.02), name
    assert exact[0]["loss/r1"] != half[0]["loss/r1"]  # it is another way
    for file in ("model", "training/generator", "training/discriminator", "training/optimizer"):
        for name, value in load_file(ends[1].checkpoint / f"{file}.safetensors").items():
            assert value.dtype == torch.float32 or name.endswith("step"), name
    sessions = [json.loads((end.folder / "run.json").read_text())["sessions"][0] for end in ends]
    assert [session["precision"] for session in sessions] == ["float32", "bf16"]


def test_steps_and_grids_compute_in_the_same_float32(tiny_spec, tmp_path, monkeypatch) -> None:
    """As on CUDA: the settings at every call of a layer, in a process that has torch's own."""
    seen: set[tuple[bool, tuple[str, str]]] = set()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(float32_precision, "_is_set_for", lambda device: True)
    before = float32_precision.precision_in_effect()
    with register_module_forward_pre_hook(
        lambda module, given: seen.add((torch.is_inference_mode_enabled(), float32_precision.precision_in_effect()))
    ):
        train(tiny_spec("training.steps=1"), options(tmp_path / "run"))
    assert {inference for inference, _ in seen} == {False, True}
    assert not any("tf32" in precision for _, precision in seen)
    assert float32_precision.precision_in_effect() == before


@pytest.mark.parametrize("replayed", [True, False])
def test_gradients_are_near_those_in_float32(replayed) -> None:
    found = []
    for precision in ("float32", "bf16"):
        trained, step = make([], ALONE, 1, Execution(precision=precision, replayed_penalty=replayed))
        for network in (
            trained.networks["generator"],
            trained.networks["discriminator"],
            trained.averages["generator"][0].network,
        ):
            network.float()
        outcome = step(1, images(1, ALONE))
        assert outcome.applied
        losses = outcome.losses
        numbers = [*losses.terms.values(), *losses.logits.values()]
        assert len(numbers) == 6
        assert {number.dtype for number in numbers} == {torch.float32}
        gradients = [weight.grad for net in trained.networks.values() for weight in net.parameters()]
        assert {gradient.dtype for gradient in gradients} == {torch.float32}
        found.append(torch.cat([gradient.flatten() for gradient in gradients]))
    exact, half = found
    assert not torch.equal(exact, half)
    assert float(torch.cosine_similarity(exact, half, dim=0)) > 0.99
    assert float(half.norm()) == pytest.approx(float(exact.norm()), rel=0.05)
