"""Tiles, and what is supported, by card: nothing is chosen that the card has no memory for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
import torch

from hitzoo.fold.triton.shared_memory import Demand, mlp_demand, shared_bytes, stage_demand
from hitzoo.fold.triton.support import supports_stage
from hitzoo.fold.triton.tile_choice import choose_tile
from hitzoo.fold.triton.tiling import Device, programs_per_sample
from tests.fold.compiled.cards import CARDS, Card

AMPERE, ADA, HOPPER, BLACKWELL = (CARDS[i].device for i in (0, 2, 3, 4))
TYPES = {2: torch.bfloat16, 4: torch.float32}


def admitted(card: Card, monkeypatch: pytest.MonkeyPatch) -> Iterator[Demand]:
    """The demands of a grid of stages that the card supports, and of all MLPs."""
    monkeypatch.setattr("hitzoo.fold.triton.support.supports_device", lambda device: True)
    monkeypatch.setattr("hitzoo.fold.triton.support.device_of", lambda device: card.device)
    for size, channels, ratio in product((2, 4), (16, 32, 64, 128), (2, 4)):
        yield mlp_demand(size, channels, ratio * channels)
        yield mlp_demand(size, channels, ratio * channels, outputs=3)
        for entering, heads, depth, ends in product((8, 64, 128), (0, 1, 8), (1, 3), (False, True)):
            x = torch.empty(1, 4, 4 * entering, dtype=TYPES[size], device="meta")
            if supports_stage(x, channels, ratio * channels, max(heads, 1), 16 if heads else 0):
                settings = {"logits": 16 * heads, "depth": depth, "image": True, "ends": ends}
                yield stage_demand(size, entering, channels, ratio * channels, **settings)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
@pytest.mark.parametrize("precision", ["tf32x3", "tf32", "ieee"])
def test_tiles_of_all_that_is_supported_fit(card: Card, precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    demands = list(admitted(card, monkeypatch))
    assert sum(demand.stage for demand in demands) > 100
    for demand in demands:
        tile = choose_tile(demand, card.device, precision)
        assert shared_bytes(tile, demand, card.device) <= card.device.shared, demand
        assert demand.hidden % tile.chunk == 0
        assert not (tile.kept and card.columns), demand
        if tile.warps == 8:
            assert tile.programs * shared_bytes(tile, demand, card.device) <= card.device.shared


def test_stage_that_no_tile_fits_is_not_supported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hitzoo.fold.triton.support.supports_device", lambda device: True)
    wide, narrow = (torch.empty(1, 4, 4 * entering, device="meta") for entering in (128, 16))
    for device, x, expected in [(AMPERE, wide, False), (HOPPER, wide, True), (AMPERE, narrow, True)]:
        monkeypatch.setattr("hitzoo.fold.triton.support.device_of", lambda _, device=device: device)
        assert supports_stage(x, 64, 128, 8, 16) == expected


def test_weights_are_kept_where_they_fit_and_nothing_else_is_short() -> None:
    demand = mlp_demand(2, 64, 256)
    assert choose_tile(demand, HOPPER, "tf32").kept
    assert choose_tile(demand, AMPERE, "tf32").kept
    assert not choose_tile(demand, ADA, "tf32").kept
    for capability in ((10, 0), (10, 3), (11, 0)):
        assert not choose_tile(demand, replace(BLACKWELL, capability=capability), "tf32").kept
    assert choose_tile(demand, replace(BLACKWELL, capability=(12, 0)), "tf32").kept
    assert not choose_tile(replace(demand, weights=200_000), HOPPER, "tf32").kept
    assert not choose_tile(replace(demand, entering=128, logits=128), AMPERE, "tf32").kept


def test_staged_operands_make_the_tile_smaller() -> None:
    settings = {"depth": 3, "image": True, "ends": False}
    few, many = (stage_demand(2, entering, 128, 512, logits=64, **settings) for entering in (32, 64))
    assert choose_tile(few, ADA, "tf32").rows == 128
    assert choose_tile(many, ADA, "tf32").rows == 64
    assert choose_tile(many, HOPPER, "tf32").rows == 128


def test_two_programs_are_planned_only_where_registers_suffice() -> None:
    for channels, stages, programs in [(32, True, 2), (64, True, 1), (64, False, 2), (128, False, 1)]:
        demand = replace(mlp_demand(2, channels, 4 * channels), stage=stages)
        assert choose_tile(demand, HOPPER, "tf32").programs == programs
        assert choose_tile(replace(demand, size=4), HOPPER, "tf32x3").programs == 1


def test_chunk_divides_the_hidden_features() -> None:
    assert choose_tile(mlp_demand(2, 64, 48), HOPPER, "tf32").chunk == 16
    assert choose_tile(mlp_demand(4, 64, 256), HOPPER, "ieee").rows == 32


@pytest.mark.parametrize("samples", [1, 7, 64, 133, 1000])
@pytest.mark.parametrize("tiles", [1, 3, 512])
def test_programs_share_the_tiles_and_fill_the_device(tiles: int, samples: int) -> None:
    programs = programs_per_sample(tiles, samples, 132)
    assert 1 <= programs <= min(tiles, 132)
    waves = -(-samples * programs // 132)
    if tiles == 512:
        assert samples * programs / (waves * 132) > 0.9  # of the slots are taken


def test_device_tells_where_products_accumulate() -> None:
    for capability, columns, lying in [((8, 0), False, False), ((9, 0), False, True), ((12, 0), False, False)]:
        device = Device(processors=1, shared=1, capability=capability)
        assert (device.has_tensor_memory, device.reads_shared_operands) == (columns, lying)
