"""Sizes that no shipped spec has: where a stage is said to be supported, a tile of it fits the card."""

from __future__ import annotations

import random
from itertools import product
from pathlib import Path

import pytest
import torch

from hitzoo.fold.triton.stage import pixel_stage
from hitzoo.fold.triton.support import supports_stage
from tests.fold.compiled.cards import CARDS, Card
from tests.fold.compiled.launches import Launch, recording
from tests.fold.compiled.resources import compile_as_launched
from tests.fold.triton.drawn import Draw

CHANNELS, ENTERING, HEADS, DEPTHS = (16, 32, 64, 128), (8, 64, 128), (0, 4, 8), (1, 3)
TOKENS, SAMPLED = 16, 3
Sizes = tuple[torch.dtype, int, int, int, int, bool]


def sampled(card: Card) -> list[Sizes]:
    """Some of those that are supported, others on each card."""
    grid = list(
        product((torch.float32, torch.bfloat16), CHANNELS, ENTERING, HEADS, DEPTHS, (False, True)),
    )
    random.Random(card.arch).shuffle(grid)
    with recording(card):
        return [sizes for sizes in grid if _is_supported(*sizes)][:SAMPLED]


def _is_supported(dtype: torch.dtype, channels: int, entering: int, heads: int, depth: int, ends: bool) -> bool:
    x = torch.empty(1, 4, 4 * entering, dtype=dtype, device="meta")
    return supports_stage(x, channels, 4 * channels, max(1, heads), TOKENS if heads else 0, 3)


@pytest.mark.exhaustive
@pytest.mark.parametrize("card", [card for card in CARDS if card.name != "sm_89"], ids=lambda card: card.name)
def test_supported_sizes_fit_or_a_smaller_tile_does(card: Card, compiler: Path) -> None:
    for sizes in sampled(card):
        launch, found = compile_as_launched(_launch(sizes, card), card, compiler)
        assert found.shared <= card.device.shared, (sizes, launch.tile)
        assert found.columns <= card.columns, (sizes, launch.tile)


def _launch(sizes: Sizes, card: Card) -> Launch:
    """With the tile that is chosen."""
    dtype, channels, entering, heads, depth, ends = sizes
    draw = Draw(torch.device("meta"))
    settings = {"before": entering, "depth": depth, "hidden": 4 * channels, "heads": max(1, heads)}
    weights = draw.stage(4, channels, dtype, **settings, image=True, ends=ends)
    attention = draw.attention(2, channels, heads * TOKENS, dtype) if heads else None
    with recording(card) as launches:
        pixel_stage(draw(2, 4, 4 * entering, dtype=dtype), weights, attention=attention)
    (launch,) = launches
    return launch
