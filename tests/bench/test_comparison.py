from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from hitzoo.bench import sampling_comparison, training_comparison, training_memory
from hitzoo.bench.comparison import Comparison
from hitzoo.bench.contender import Contender
from hitzoo.bench.training_rounds import StepBench
from hitzoo.bench.variants import SamplingCall
from hitzoo.errors import RequestError
from hitzoo.families.compile import compile_spec
from hitzoo.hub.quality import Quality
from hitzoo.training.engine.memory_estimate import Footprint
from hitzoo.zoo.cards import Number
from tests.bench.bench_fakes import FakeCalls

CPU = torch.device("cpu")
FID = Number(metric="fid", value=3.0, protocol="50,000 samples")


@pytest.fixture
def contenders(tiny_spec) -> list[Contender]:
    """Three, of latents of 6, 7 and 8 numbers, by which fakes tell them apart."""
    specs = [tiny_spec(f"generator.latent_dim={width}") for width in (6, 7, 8)]
    return [
        Contender(name=name, spec=spec, plan=compile_spec(spec), quality=Quality(published=(FID,)))
        for name, spec in zip("abc", specs, strict=True)
    ]


@pytest.fixture
def fake(monkeypatch) -> Callable[..., FakeCalls]:
    """Calls that take the time, or fail by the error, that a function of contender and batch says."""

    def make(took: Callable[[str, int], float]) -> FakeCalls:
        calls = FakeCalls(lambda call: took(named(call), call.batch))
        monkeypatch.setattr(sampling_comparison, "variant_runners", calls.variant_runners)
        return calls

    return make


@pytest.fixture
def known_footprint(monkeypatch) -> None:
    """Tracing a step takes a while."""
    footprint = Footprint(training_per_image=1000, training_fixed=100)
    monkeypatch.setattr(training_comparison, "measure_footprint", lambda spec, plan: footprint)


def named(call: SamplingCall) -> str:
    return "abc"[call.plan.latent_dim - 6]


def compared(contenders: list[Contender], batch: int = 4, **more: Any) -> dict[str, dict[str, Any]]:
    comparison = Comparison(contenders, device=CPU, batch=batch)
    comparison.run(**{"repeats": 3} | more)
    return {row["model"]: row for row in comparison.to_json()["models"]}


def test_networks_take_turns(contenders, fake) -> None:
    calls, seen = fake(lambda name, batch: 1.0), []
    compared(contenders, progress=lambda *now: seen.append(now))
    asked = [(what, named(call), call.batch) for what, call in calls.asked]
    turn = [("seconds", name, batch) for batch in (4, 1) for name in "abc"]
    assert asked == [("peak", name, batch) for _, name, batch in turn] + 3 * turn
    assert seen == [(done, 24) for done in range(1, 25)]


def test_figures_are_medians_and_ratios_of_one_round(contenders, fake) -> None:
    """A machine that is ten times slower in one round changes no ratio."""
    made = itertools.count()

    def took(name: str, batch: int) -> float:
        slow = 10.0 if next(made) // 6 == 1 else 1.0  # six calls a round; the second
        return slow * {"a": 2.0, "b": 1.0, "c": 4.0}[name] * batch / 4

    fake(took)
    rows = compared(contenders)
    assert [rows[name]["sampling"]["images_per_second"] for name in "abc"] == [2.0, 4.0, 1.0]
    assert [rows[name]["sampling"]["ratio"] for name in "abc"] == [1.0, 2.0, 0.5]
    assert rows["b"]["sampling"]["ratio_quartiles"] == [2.0, 2.0]
    assert [rows[name]["latency"]["milliseconds"] for name in "abc"] == [500.0, 250.0, 1000.0]
    assert rows["a"]["sampling"]["seconds"] == [2.0, 20.0, 2.0]
    assert rows["a"]["sampling"]["peak_bytes"] == 4000
    assert rows["a"]["published"] == [{"metric": "fid", "value": 3.0, "protocol": "50,000 samples"}]
    assert rows["a"]["parameters"] < rows["b"]["parameters"] < rows["c"]["parameters"]


def test_batch_of_one_is_one_call(contenders, fake) -> None:
    calls = fake(lambda name, batch: 0.5)
    rows = compared(contenders, batch=1)
    assert len(calls.asked) == 4 * 3
    assert rows["a"]["sampling"]["images_per_second"] == 2.0
    assert rows["a"]["latency"]["milliseconds"] == 500.0


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), "out of memory"),
        (
            RequestError("needs timm: pip install 'hitzoo[features]'\nmore"),
            "needs timm: pip install 'hitzoo[features]'",
        ),
    ],
)
def test_network_that_cannot_run_is_a_row_and_the_others_go_on(contenders, fake, error, reason) -> None:
    def took(name: str, batch: int) -> float:
        if name == "a":
            raise error
        return {"b": 1.0, "c": 2.0}[name]

    rows = compared(contenders, fake(took) and 4)
    assert rows["a"]["errors"] == {"sampling": reason, "latency": reason}
    assert "sampling" not in rows["a"]
    assert rows["a"]["parameters"] > 0
    assert [rows[name]["sampling"]["ratio"] for name in "bc"] == [1.0, 0.5]
    assert "errors" not in rows["b"]


def test_batch_that_does_not_fit_leaves_single_images(contenders, fake) -> None:
    def took(name: str, batch: int) -> float:
        if batch > 1:
            raise MemoryError
        return 0.5

    rows = compared(contenders, fake(took) and 4)
    assert rows["a"]["errors"] == {"sampling": "out of memory"}
    assert rows["a"]["latency"]["milliseconds"] == 500.0


def test_bug_is_no_row(contenders, fake) -> None:
    def took(name: str, batch: int) -> float:
        raise RuntimeError("the size of tensor a must match")

    fake(took)
    with pytest.raises(RuntimeError, match="must match"):
        compared(contenders)


def test_weights_without_room_are_not_made(contenders, fake, monkeypatch) -> None:
    """The system would end the process, and every other row with it."""
    calls = fake(lambda name, batch: 1.0)
    needs = 2 * 4 * Contender.to_json(contenders[1])["parameters"]
    monkeypatch.setattr(sampling_comparison, "free_memory", lambda: needs)
    rows = compared(contenders)
    assert [name for name in "abc" if "sampling" in rows[name]] == ["a", "b"]
    assert "out of memory: its weights take" in rows["c"]["errors"]["sampling"]
    assert "c" not in {named(call) for _, call in calls.asked}


def test_interrupted_run_keeps_what_it_has(contenders, fake) -> None:
    made = itertools.count()

    def took(name: str, batch: int) -> float:
        if next(made) == 6 + 1:  # the second network in the second round
            raise KeyboardInterrupt
        return 1.0

    fake(took)
    comparison = Comparison(contenders, device=CPU, batch=4)
    before: list[dict[str, Any]] = []
    with pytest.raises(KeyboardInterrupt):
        comparison.run(repeats=3, after_round=lambda: before.append(comparison.to_json()))
    rows = comparison.to_json()["models"]
    assert [len(row["sampling"]["seconds"]) for row in rows] == [2, 1, 1]
    assert rows[1]["sampling"]["ratio"] == 1.0
    assert [len(row["latency"]["seconds"]) for row in rows] == [1, 1, 1]
    assert [[len(row["sampling"]["seconds"]) for row in one["models"]] for one in before] == [[1, 1, 1]]


def test_time_that_is_up_ends_the_rounds(contenders, fake) -> None:
    fake(lambda name, batch: 1.0)
    rows = compared(contenders, repeats=5, seconds=0)
    assert {len(row["sampling"]["seconds"]) for row in rows.values()} == {1}


def trained(contenders: list[Contender], **more: Any) -> dict[str, dict[str, Any]]:
    comparison = Comparison(contenders, device=CPU, batch=2, trains=True)
    comparison.run(**{"repeats": 2} | more)
    return {row["model"]: row.get("training", row.get("errors")) for row in comparison.to_json()["models"]}


@pytest.mark.usefixtures("known_footprint")
def test_steps_are_compared_per_image(contenders, fake, tiny_spec, monkeypatch) -> None:
    """A recipe whose images come in groups gets a batch of whole ones."""
    fake(lambda name, batch: 1.0)
    grouped = tiny_spec("discriminator.minibatch_std=4")
    second = Contender(name="grouped", spec=grouped, plan=compile_spec(grouped))
    monkeypatch.setattr(StepBench, "time", lambda self, step, setting: float(self.batch) ** 2)
    rows = trained([contenders[0], second])
    assert [row["images_per_step"] for row in rows.values()] == [2, 4]
    assert [row["seconds_per_image"] for row in rows.values()] == [2.0, 4.0]
    assert [row["ratio"] for row in rows.values()] == [1.0, 2.0]
    for row in rows.values():
        assert len(row["seconds"]) == 2
        assert (row["bytes_per_image"], row["bytes_fixed"]) == (1000, 100)
        assert min(row["peak_bytes"], row["flops_per_image"]) > 0


@pytest.mark.usefixtures("known_footprint")
def test_recipe_that_cannot_run_is_a_row(contenders, fake, tiny_spec, monkeypatch) -> None:
    fake(lambda name, batch: 1.0)
    odd = tiny_spec("training.updates={generator_batch_size: 5}")
    unfit = Contender(name="unfit", spec=odd, plan=compile_spec(odd))
    rows = trained([unfit, contenders[0]], repeats=1)
    assert "choose a multiple of" in rows["unfit"]["training"]
    assert rows["a"]["ratio"] == 1.0


@pytest.mark.usefixtures("known_footprint")
def test_step_without_room_is_not_made(contenders, fake, monkeypatch) -> None:
    fake(lambda name, batch: 1.0)
    monkeypatch.setattr(training_memory, "free_memory", lambda: 0)
    rows = trained(contenders[:1], repeats=1)
    assert rows["a"] == {"training": "out of memory: a step takes about 2.1e-06 GB"}


@pytest.mark.usefixtures("known_footprint")
def test_steps_share_the_time_with_calls(contenders, fake, monkeypatch) -> None:
    calls = fake(lambda name, batch: 1.0)
    monkeypatch.setattr(StepBench, "time", lambda self, step, setting: 1.0)
    trained(contenders[:1], repeats=4, seconds=0)
    assert [what for what, _ in calls.asked].count("seconds") == 2  # of four images, and of one


@pytest.mark.usefixtures("known_footprint")
def test_interrupted_steps_keep_what_they_have(contenders, fake, monkeypatch) -> None:
    fake(lambda name, batch: 1.0)
    times = iter([1.0, 2.0, 3.0])

    def time(self, step, setting) -> float:
        try:
            return next(times)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(StepBench, "time", time)
    comparison = Comparison(contenders[:2], device=CPU, batch=2, trains=True)
    with pytest.raises(KeyboardInterrupt):
        comparison.run(repeats=3)
    rows = [row["training"] for row in comparison.to_json()["models"]]
    assert [row["seconds"] for row in rows] == [[1.0, 3.0], [2.0]]
    assert [row["ratio"] for row in rows] == [1.0, 2.0]


def test_contender_of_other_weights_keeps_its_own_numbers(contenders) -> None:
    own = replace(contenders[0], quality=Quality(measured=(replace(FID, value=9.0),)))
    assert own.to_json()["measured"][0]["value"] == 9.0
    assert own.to_json()["published"] == []
