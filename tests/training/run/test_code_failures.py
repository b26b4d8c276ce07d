"""Failures of autoencoders: when each is told, when it is over, and which rules a spec has."""

from __future__ import annotations

from typing import Any

from hitzoo.training.run.code_failures import UnusedCodes, WeightAtItsLimit
from hitzoo.training.run.watch import Watch
from tests.training.two_processes import AUTOENCODER


def line(images: int, **numbers: float) -> dict[str, Any]:
    return {"images": images} | {name.replace("__", "/"): value for name, value in numbers.items()}


def use(images: int, used: float, even: float = 0.6) -> dict[str, Any]:
    return line(images, codes__usage=used, codes__usage_if_even=even)


def test_codes_are_unused_after_three_records() -> None:
    watch = Watch([UnusedCodes(grace=100)])
    assert watch.see(use(50, 0.1)) == [], "at first codes are chosen by chance"
    assert watch.see(use(100, 0.29)) == []
    assert watch.see(use(200, 0.29)) == []
    (found,) = watch.see(use(300, 0.29))
    assert (found.name, found.over) == ("unused_codes", False)
    assert "29% of the codes" in found.advice
    assert "60%" in found.advice
    assert watch.see(use(400, 0.2)) == [], "it was told"
    (over,) = watch.see(use(500, 0.31))
    assert over.over


def test_small_batches_cannot_use_all_codes() -> None:
    watch = Watch([UnusedCodes(grace=0)])
    assert [found for images in range(5) for found in watch.see(use(images, 0.1, even=0.12))] == []


def test_records_without_codes_say_nothing() -> None:
    watch = Watch([UnusedCodes(grace=0), WeightAtItsLimit(1e4)])
    assert [found for images in range(5) for found in watch.see(line(images))] == []


def test_weight_at_its_limit_is_told() -> None:
    watch = Watch([WeightAtItsLimit(1e4)])
    clipped = "adaptive_weight/clipped"
    assert watch.see({clipped: 0.0}) == []
    (found,) = watch.see({clipped: 0.25})
    assert "limit of 10000 in 25%" in found.advice
    (over,) = watch.see({clipped: 0.0})
    assert over.over


def test_rules_follow_from_the_spec(tiny_spec) -> None:
    def names(*overrides: str) -> list[str]:
        return [rule.name for rule in Watch.of(tiny_spec(*overrides)).rules]

    assert names(*AUTOENCODER) == ["unused_codes"]
    adaptive = "training.reconstruction.adversarial.adaptive=true"
    assert names(*AUTOENCODER, adaptive) == ["unused_codes", "adaptive_weight_at_its_limit"]
    assert "unused_codes" not in names()
