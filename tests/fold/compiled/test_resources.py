"""Every kernel that a shipped spec's fast network launches fits the cards that it is launched on.

One launch of each kind by default, of the smallest network of each set of block kinds; all in `make test-all`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch

from hitzoo.families.compile import ModelPlan
from hitzoo.fold.triton import mlp, stage
from hitzoo.fold.triton.version import triton_version
from tests.fold.compiled.cards import CARDS, KIB, REGISTERS, Card
from tests.fold.compiled.launches import Launch, launches_of, networks, recording
from tests.fold.compiled.page import DTYPES, cell, row_of
from tests.fold.compiled.resources import Resources, compile_as_launched
from tests.fold.triton.drawn import Draw
from tests.plan.parts import parts

ON = {card.name: card for card in CARDS}
SPILLED = {"bf16": 256, "fp16": 256, "fp32": 1024}
"""Bytes of a thread that may go to memory: float32 sums of 128 rows are more than its 255 registers hold."""


COMPILER = (3, 9)


def overdrawn(found: Resources, card: Card, launch: Launch) -> list[str]:
    """What a launch takes too much of; nothing where it fits."""
    threads = 32 * dict(launch.options)["num_warps"]
    taken = {
        "shared memory": (found.shared, card.device.shared),
        "columns of tensor memory": (found.columns, card.columns),
        "registers": (threads * found.registers, REGISTERS),
        "spilled bytes": (found.spilled, SPILLED[launch.dtype]),
    }
    return [f"{what}: {amount} of {limit}" for what, (amount, limit) in taken.items() if amount > limit]


def assert_fits(launch: Launch, card: Card, folder: Path) -> Resources:
    compiled, found = compile_as_launched(launch, card, folder)
    wrong = overdrawn(found, card, compiled)
    if _is_older():
        wrong = [what for what in wrong if not what.startswith("spilled")]
    elif compiled.tile != launch.tile:
        wrong.append(f"fits as {compiled.tile} only")
    assert wrong == [], f"{card.name}: {row_of(launch)} {cell(compiled, found)}"
    return found


def _is_older() -> bool:
    """True for a compiler before that of docs/kernels.md: it may need smaller tiles than are chosen."""
    return tuple(int(word) for word in (triton_version() or "").split(".")[:2]) < COMPILER


def smallest_networks() -> Iterator[ModelPlan]:
    """The smallest network of each set of block kinds."""
    seen: set[frozenset[str]] = set()
    for plan in sorted(networks().values(), key=lambda plan: plan.costs()["generator"].flops):
        kinds = frozenset(part.kind for part in parts(plan.generator))
        if kinds not in seen:
            yield plan
        seen.add(kinds)


def kind(launch: Launch) -> tuple[Any, ...]:
    return launch.kernel, launch.dtype, launch["KEPT"], launch.ends


def work(launch: Launch) -> int:
    return launch["C"] * launch["H"] * dict(launch.constants).get("DEPTH", 1)


@cache
def one_of_each_kind() -> list[tuple[Launch, Card]]:
    """The smallest launch of each kind, each on another card than the last where it is launched there."""
    found: dict[tuple[Any, ...], dict[str, Launch]] = {}
    for card, dtype, plan in product((ON["sm_86"], ON["sm_90"], ON["sm_100"]), DTYPES, smallest_networks()):
        for launch in launches_of(plan, card, dtype):
            on = found.setdefault(kind(launch), {})
            on[card.name] = min(on.get(card.name, launch), launch, key=work)
    chosen: list[tuple[Launch, Card]] = []
    for on in found.values():
        fewest = min(on, key=lambda name: sum(card.name == name for _, card in chosen))
        chosen.append((on[fewest], ON[fewest]))
    return chosen


def test_one_launch_of_each_kind_fits(compiler: Path) -> None:
    chosen = one_of_each_kind()
    assert {launch.kernel for launch, _ in chosen} == {"mlp_kernel", "stage_kernel"}
    assert len(chosen) >= 8
    assert len({card.name for _, card in chosen}) == 3
    for launch, card in chosen:
        found = assert_fits(launch, card, compiler)
        assert "max.NaN.f32" in found.ptx, "gelu would make a number of what is none"
        assert "erf" not in found.ptx
        assert (found.columns > 0) <= (card.name == "sm_100")


def test_stage_without_an_upsampling_layer_fits(compiler: Path) -> None:
    """A quarter of the channels before, and no attention: no shipped spec has both."""
    draw, card = Draw(torch.device("meta")), ON["sm_86"]
    weights = draw.stage(16, 32, torch.bfloat16, before=None, depth=1, image=True)
    with recording(card) as launches:
        stage.pixel_stage(draw(2, 16, 4 * 32, dtype=torch.bfloat16), weights)
    (launch,) = launches
    assert not launch.has("up")
    assert_fits(launch, card, compiler)


def test_approximate_gelu_fits(compiler: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlp, "resolve_gelu", lambda gelu, x: "approximate_by_hardware")
    draw, card = Draw(torch.device("meta")), ON["sm_80"]
    weights = draw.mlps(1, 16, 32, torch.float16)
    with recording(card) as launches:
        each = (weights.widen[0], weights.widen_bias[0], weights.narrow[0], weights.narrow_bias[0])
        mlp.fused_mlp(draw(64, 16, dtype=torch.float16), *each)
    assert "tanh.approx" in assert_fits(launches[0], card, compiler).ptx


def test_launch_over_a_limit_is_found() -> None:
    card, launch = ON["sm_100"], Launch("mlp_kernel", (("x", "*bf16"),), (), (("num_warps", 8),))
    fitting = Resources(shared=227 * KIB, columns=512, registers=255, spilled=0, ptx="")
    assert overdrawn(fitting, card, launch) == []
    for much in ({"shared": 227 * KIB + 1}, {"columns": 513}, {"registers": 257}, {"spilled": 300}):
        assert len(overdrawn(replace(fitting, **much), card, launch)) == 1


def test_cards_with_tensor_memory_are_those_that_the_choice_of_tiles_knows() -> None:
    assert {card.name for card in CARDS if card.columns} == {c.name for c in CARDS if c.device.has_tensor_memory}


@pytest.mark.exhaustive
@pytest.mark.parametrize("card", [card for card in CARDS if card.name != "sm_89"], ids=lambda card: card.name)
def test_every_launch_fits(card: Card, compiler: Path) -> None:
    wrong = []
    for launch in launches_on(card):
        try:
            assert_fits(launch, card, compiler)
        except AssertionError as error:
            wrong.append(str(error))
    assert wrong == []


@pytest.mark.exhaustive
def test_sm_89_launches_what_sm_86_does(compiler: Path) -> None:
    """It has that card's memory, and the compiler makes the same of it, as docs/kernels.md shows."""
    assert launches_on(ON["sm_89"]) == launches_on(ON["sm_86"])


def launches_on(card: Card) -> list[Launch]:
    """All that is launched on a card; those that differ only in the image before, which is one load more, once."""
    launches = {}
    for dtype, plan in product(DTYPES, networks().values()):
        launches |= {_apart_from_the_image_before(launch): launch for launch in launches_of(plan, card, dtype)}
    return list(launches.values())


def _apart_from_the_image_before(launch: Launch) -> Launch:
    """Equal for launches that differ only in it."""
    without = ((pair for pair in pairs if pair[0] != "image_before") for pairs in (launch.types, launch.constants))
    return Launch(launch.kernel, *map(tuple, without), launch.options)
