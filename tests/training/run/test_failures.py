"""Each known failure by a series that shows it, and by those of healthy runs that must not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hitzoo.families.load import load_spec
from hitzoo.training.run.failures import Collapse, DiscriminatorWins, GreyAverage, PenaltyExplodes, Rule
from hitzoo.training.run.watch import Finding, Watch

Line = dict[str, Any]


def records(count: int, **series: Callable[[int], float]) -> Iterator[Line]:
    """A record every 1,000 images."""
    for index in range(count):
        line = {"step": index + 1, "images": 1000 * (index + 1)}
        yield line | {name.replace("__", "/"): value(index) for name, value in series.items()}


def logits(count: int, loss: Callable[[int], float], gap: Callable[[int], float]) -> Iterator[Line]:
    return records(count, loss__discriminator=loss, d_real=lambda i: gap(i) / 2, d_fake=lambda i: -gap(i) / 2)


def shown(rule: Rule, lines: Iterator[Line]) -> list[bool | None]:
    return [rule.see(line) for line in lines]


def test_discriminator_that_is_always_right_wins() -> None:
    rule = DiscriminatorWins(1.386, 20_000)
    seen = shown(rule, logits(60, lambda i: 0.01, lambda i: 8 + i))
    assert seen.index(True) == 39, "the first window of the run is its beginning, the second is judged"
    assert "its loss is 0.01 (1.39 is chance)" in rule.advice()
    assert "a smaller learning rate of the discriminator" in rule.advice()


@pytest.mark.parametrize(
    ("loss", "gap"),
    [
        (lambda i: 0.01 if i < 35 else 0.6, lambda i: 9.0),  # it began so, and the generator came after
        (lambda i: 0.01 if i % 7 else 0.1, lambda i: 9.0),  # now and then it is wrong
        (lambda i: 0.08, lambda i: 5.0),  # strong, but not always right
        (lambda i: 0.01, lambda i: 20 * 0.9**i),  # on its way back
    ],
)
def test_discriminator_that_is_strong_does_not_win(loss, gap) -> None:
    assert True not in shown(DiscriminatorWins(1.386, 20_000), logits(60, loss, gap))


def test_few_records_are_no_window() -> None:
    sparse = ({**line, "images": 40_000 * line["step"]} for line in logits(9, lambda i: 0.0, lambda i: 30.0))
    assert True not in shown(DiscriminatorWins(1.386, 20_000), sparse)


def test_penalty_of_many_times_its_median_explodes() -> None:
    rule = PenaltyExplodes("r1", 5_000)
    seen = shown(rule, records(40, loss__r1=lambda i: 0.1 if i < 30 else 8.0))
    assert seen.index(True) == 32, "three records long"
    assert "r1 explodes: 8, where its median is 0.1" in rule.advice()


@pytest.mark.parametrize(
    "penalty",
    [
        lambda i: 0.1 if i != 30 else 50.0,  # a single record
        lambda i: 1e-6 if i < 20 else 0.4,  # many times its median, and still less than a loss
        lambda i: 0.1 * 1.1**i,  # it grows with the discriminator
        lambda i: 40.0 if i < 5 else 0.1,  # the beginning
    ],
)
def test_penalty_of_a_healthy_run_does_not_explode(penalty) -> None:
    assert True not in shown(PenaltyExplodes("r1", 5_000), records(60, loss__r1=penalty))


def test_samples_that_are_alike_are_a_collapse() -> None:
    rule = Collapse(5_000)
    seen = shown(rule, records(20, diversity=lambda i: 0.9 if i < 10 else 0.1, contrast=lambda i: 0.9))
    assert seen.index(True) == 11, "in two grids on end"
    assert "samples differ 10% as much" in rule.advice()


@pytest.mark.parametrize(
    ("diversity", "contrast"),
    [
        (lambda i: 0.05 if i < 4 else 0.9, lambda i: 0.9),  # the beginning
        (lambda i: 0.1 if i == 9 else 0.9, lambda i: 0.9),  # a single grid
        (lambda i: 0.1, lambda i: 0.05),  # grey, which is told as such
        (lambda i: 0.6 + 0.05 * (i % 3), lambda i: 0.9),
    ],
)
def test_other_samples_are_no_collapse(diversity, contrast) -> None:
    assert True not in shown(Collapse(5_000), records(20, diversity=diversity, contrast=contrast))


def test_plain_samples_of_an_average_that_has_forgotten_its_beginnings_are_told() -> None:
    rule = GreyAverage(5_000, 8_000, 100_000)
    seen = shown(rule, records(20, contrast=lambda i: 0.02))
    assert seen.index(True) == 8
    assert "The generator itself makes plain images" in rule.advice()


def test_average_too_slow_for_its_run_is_told_in_the_second_half() -> None:
    rule = GreyAverage(96_000, 8_000, 24_000)
    seen = shown(rule, records(20, contrast=lambda i: 0.02))
    assert seen.index(True) == 12
    assert "too slow for a run of 24,000 images" in rule.advice()
    assert "ramp_up: true" in rule.advice()


def test_run_that_only_tries_something_out_is_not_told_of_its_average() -> None:
    assert True not in shown(GreyAverage(96_000, 8_000, 9_000), records(9, contrast=lambda i: 0.02))


@pytest.mark.parametrize("contrast", [lambda i: 0.02 if i < 7 else 0.6, lambda i: 0.02 if i == 10 else 0.6])
def test_young_average_and_single_grid_are_not_grey(contrast) -> None:
    assert True not in shown(GreyAverage(5_000, 8_000, 100_000), records(20, contrast=contrast))


def test_occurrence_is_told_once_and_its_end_too() -> None:
    watch = Watch([PenaltyExplodes("r1", 0)])
    series = records(40, loss__r1=lambda i: 50.0 if 15 <= i < 20 or i >= 30 else 0.1)
    found = [(line["step"], one.name, one.over) for line in series for one in watch.see(line)]
    assert found == [(18, "r1_explodes", False), (21, "r1_explodes", True), (33, "r1_explodes", False)]


def test_rules_are_those_of_the_recipe() -> None:
    def names(*overrides: str) -> list[str]:
        return [rule.name for rule in Watch.of(load_spec("hit-ti-shapes32", list(overrides))).rules]

    assert names() == ["discriminator_wins", "r1_explodes", "collapse", "grey_average"]
    both = "training.regularizers=[{kind: r1}, {kind: r2}, {kind: bcr}]"
    assert names("training.loss=relativistic", both)[1:3] == ["r1_explodes", "r2_explodes"]
    assert "discriminator_wins" not in names("training.loss=wasserstein")


@pytest.mark.parametrize(
    ("overrides", "forgotten"),
    [
        ([], (100 + 2994) * 32),
        (["training.ema.ramp_up=true"], 100 * 32),
        (["training.ema={half_life: 10000, start_step: 0}"], 43_219),
        (["training.ema={half_life: {from: 0, to: 500000, images: 20000000, shape: linear}, start_step: 0}"], 27_660),
        (["training.ema.decay=0"], 100 * 32),
    ],
)
def test_average_forgets_its_beginnings_by_its_own_speed(overrides, forgotten) -> None:
    (grey,) = [
        rule for rule in Watch.of(load_spec("hit-ti-shapes32", overrides)).rules if isinstance(rule, GreyAverage)
    ]
    assert grey.forgotten == pytest.approx(forgotten, rel=1e-3)


def test_lines_without_numbers_say_nothing() -> None:
    watch = Watch.of(load_spec("hit-ti-shapes32"))
    lines: list[Line] = [{}, {"step": 5, "eval/fid": 3.0}, {"images": "many", "loss/r1": None}, {"warning": "collapse"}]
    assert [finding for line in lines for finding in watch.see(line)] == []
    assert Finding("collapse", over=True).to_json() == {"warning": "collapse", "over": True}
