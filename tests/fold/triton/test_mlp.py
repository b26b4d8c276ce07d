"""The MLP kernel against float64."""

from __future__ import annotations

from typing import Literal

import pytest
import torch

from hitzoo.fold.triton import reference
from hitzoo.fold.triton.mlp import _run, fused_last_mlp, fused_mlp
from hitzoo.fold.triton.tiling import Tile, device_of
from tests.fold.triton.drawn import Draw, assert_near, assert_untouched_around, double, guarded

TYPES = [torch.float32, torch.bfloat16, torch.float16]


def weights(draw: Draw, channels: int, hidden: int, dtype: torch.dtype) -> list[torch.Tensor]:
    wide, thin = draw.matrix(hidden, channels, dtype=dtype), draw.matrix(channels, hidden, dtype=dtype)
    return [wide, draw(hidden), thin, draw(channels)]


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize(
    ("count", "channels", "hidden"), [(1, 16, 16), (300, 16, 64), (129, 32, 48), (128, 64, 256), (77, 128, 512)]
)
def test_the_mlp(draw: Draw, dtype: torch.dtype, count: int, channels: int, hidden: int) -> None:
    x, given = draw(count, channels, dtype=dtype), weights(draw, channels, hidden, dtype)
    expected = reference.fused_mlp(*map(double, (x, *given)))
    assert_near(fused_mlp(x, *given), expected, dtype)


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_every_way_to_cut_the_work(draw: Draw, kept: bool, dtype: torch.dtype) -> None:
    if kept and device_of(draw.device).has_tensor_memory:
        pytest.skip("weights are never kept on this card")
    x, given = draw(1000, 16, dtype=dtype), weights(draw, 16, 64, dtype)
    expected = reference.fused_mlp(*map(double, (x, *given)))
    for rows, chunk in [(16, 64), (64, 16)]:
        tile = Tile(rows=rows, chunk=chunk, warps=4, stages=2, kept=kept, programs=1)
        assert_near(fused_mlp(x, *given, tile=tile), expected, dtype)


@pytest.mark.parametrize("outputs", [1, 3, 16])
@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_the_mlp_collapsed_with_the_image_head(draw: Draw, dtype: torch.dtype, outputs: int) -> None:
    x, (wide, bias, *_) = draw(130, 32, dtype=dtype), weights(draw, 32, 64, dtype)
    skip, thin = draw.matrix(outputs, 32, dtype=dtype), draw.matrix(outputs, 64, dtype=dtype)
    given = (x, wide, bias, skip, thin, draw(outputs))
    expected = reference.fused_last_mlp(*map(double, given), dtype=torch.float64)
    found = fused_last_mlp(*given)
    assert found.dtype == torch.float32
    assert_near(found, expected, dtype)
    narrower = fused_last_mlp(*given, dtype=dtype)
    assert narrower.dtype == dtype
    assert_near(narrower, found.double(), dtype)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_the_approximate_gelu(draw: Draw, dtype: torch.dtype) -> None:
    x, given = 3 * draw(64, 16, dtype=dtype), weights(draw, 16, 64, dtype)
    expected = reference.fused_mlp(*map(double, (x, *given)), gelu="approximate")
    assert_near(fused_mlp(x, *given, gelu="approximate"), expected, dtype)


def gelu_alone(x: torch.Tensor, form: Literal["exact", "approximate"]) -> torch.Tensor:
    """Every hidden feature is one channel and goes to one output, and nothing goes past it: [N, 16] -> [N, 16]."""
    one, none = torch.eye(16, device=x.device), x.new_zeros(16)
    return fused_last_mlp(x, one, none, none.expand(16, 16).contiguous(), one, none, gelu=form, precision="ieee")


def test_the_exact_gelu_is_exact_to_rounding(draw: Draw) -> None:
    for reach in (8, 100):
        x = torch.linspace(-reach, reach, 16 * 1001, device=draw.device).view(1001, 16)
        away = (gelu_alone(x, "exact").double() - torch.nn.functional.gelu(x.double())).abs()
        assert (away <= 1.5e-7 + 2**-23 * x.clamp(min=0)).all()


def test_the_approximate_gelu_is_as_near_as_the_fit(draw: Draw) -> None:
    x = torch.linspace(-25, 25, 16 * 1001, device=draw.device).view(1001, 16)
    found = gelu_alone(x, "approximate").double()
    assert ((found - reference.gelu(x.double(), "approximate")).abs() <= 2e-7 + 2**-22 * x.clamp(min=0)).all()
    assert 1e-5 < (found - gelu_alone(x, "exact")).abs().max() < 3.5e-5


@pytest.mark.parametrize("form", ["exact", "approximate"])
def test_what_is_not_a_number_stays_so(draw: Draw, form: Literal["exact", "approximate"]) -> None:
    x = draw(4, 16)
    x[2, 5] = torch.nan
    assert gelu_alone(x, form).isnan()[2].all()
    assert not gelu_alone(x, form).isnan()[[0, 1, 3]].any()


@pytest.mark.parametrize("collapsed", [False, True])
def test_nothing_is_written_but_the_rows(draw: Draw, collapsed: bool) -> None:
    x, (wide, bias, thin, shift) = draw(37, 16), weights(draw, 16, 32, torch.float32)
    skip = draw(3, 16) if collapsed else None
    thin, shift = (draw(3, 32), draw(3)) if collapsed else (thin, shift)
    out, whole = guarded(draw(37, len(shift)))
    _run(x, wide, bias, skip, thin, shift, out, "exact", "ieee", None)
    assert_untouched_around(whole, out)


def test_nothing_is_read_but_the_rows(draw: Draw) -> None:
    around = torch.full((200, 16), torch.nan, device=draw.device)
    around[50:87] = draw(37, 16)
    given = weights(draw, 16, 32, torch.float32)
    found = fused_mlp(around[50:87], *given)
    assert_near(found, reference.fused_mlp(*map(double, (around[50:87], *given))), torch.float32)


def test_no_rows(draw: Draw) -> None:
    assert fused_mlp(draw(0, 16), *weights(draw, 16, 32, torch.float32)).shape == (0, 16)
