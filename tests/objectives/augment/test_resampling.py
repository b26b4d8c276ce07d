"""Resampling through maps: what comes out where, and that it is linear with gradients of any order."""

from __future__ import annotations

import pytest
import torch

from hitzoo.objectives.augment.resampling import gathered, resample, sample


def images(count: int, side: int, channels: int = 3) -> torch.Tensor:
    random = torch.Generator().manual_seed(side)
    return torch.randn(count, channels, side, side, dtype=torch.float64, generator=random)


def inverse(a: float = 1, b: float = 0, c: float = 0, d: float = 0, e: float = 1, f: float = 0) -> torch.Tensor:
    return torch.tensor([[[a, b, c], [d, e, f], [0, 0, 1]]], dtype=torch.float64)


def smooth(side: int) -> torch.Tensor:
    """A picture without fine detail: [1, 1, R, R], x and y of it being different."""
    x = torch.arange(side, dtype=torch.float64) / side
    return (torch.cos(3 * x + 0.4)[None] * torch.sin(2 * x)[:, None] + x[:, None])[None, None]


@pytest.mark.parametrize("side", [1, 2, 3, 4, 7, 16])
def test_without_a_map_an_image_comes_out_as_it_went_in(side) -> None:
    """The filter is orthogonal to its own shifts by whole pixels."""
    given = images(2, side)
    torch.testing.assert_close(resample(given, inverse().expand(2, 3, 3)), given, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("right", "down"), [(2, 0), (0, 3), (-1, 2), (9, 0)])
def test_whole_shift_moves_pixels_and_mirrors_at_borders(right, down) -> None:
    given, side = images(1, 6), 6
    places = torch.arange(side)
    rows, columns = ((places - by) % (2 * side - 2) for by in (down, right))
    rows, columns = (torch.minimum(line, 2 * side - 2 - line) for line in (rows, columns))
    moved = resample(given, inverse(c=-right, f=-down))
    torch.testing.assert_close(moved, given[:, :, rows][..., columns], rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ((-1, 0, 0, 0, 1, 0), lambda x: x.flip(3)),
        ((-1, 0, 0, 0, -1, 0), lambda x: x.flip((2, 3))),
        ((0, 1, 0, -1, 0, 0), lambda x: torch.rot90(x, -1, (2, 3))),
    ],
    ids=["mirrored", "half a turn", "a quarter"],
)
def test_map_acts_about_the_middle_of_the_image(matrix, expected) -> None:
    given = smooth(32)
    result = resample(given, inverse(*map(float, matrix)))
    inside = (..., slice(4, -4), slice(4, -4))
    torch.testing.assert_close(result[inside], expected(given)[inside], rtol=0, atol=1e-3)


def test_parts_of_a_pixel_and_scales_are_interpolated() -> None:
    side = 32
    x = torch.arange(side, dtype=torch.float64)
    ramp = (x[None] + 2 * x[:, None])[None, None]
    middle = (side - 1) / 2
    result = resample(ramp, inverse(0.5, 0, 0.25, 0, 0.8, -0.5))
    wanted = (0.5 * (x[None] - middle) + 0.25 + middle) + 2 * (0.8 * (x[:, None] - middle) - 0.5 + middle)
    inside = (0, 0, slice(6, -6), slice(6, -6))
    torch.testing.assert_close(result[inside], wanted[6:-6, 6:-6], rtol=0, atol=2e-3)


def test_smaller_image_hardly_folds_back() -> None:
    """Stripes of single pixels are nearly gone at half the size; plain interpolation would keep them."""
    stripes = torch.tensor([1.0, -1.0], dtype=torch.float64).repeat(16).expand(1, 1, 32, 32)
    assert resample(stripes, inverse(2, 0, 0, 0, 2, 0)).abs().max() < 0.35


def test_resampling_is_linear_with_gradients_of_any_order() -> None:
    random = torch.Generator().manual_seed(0)
    maps = torch.cat([inverse(), inverse(0.7, 0.3, 1.2, -0.4, 1.1, 0.5)])
    given = images(2, 5, 1).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: resample(x, maps), given)
    weights = torch.randn(2, 1, 5, 5, dtype=torch.float64, generator=random)
    assert torch.autograd.gradgradcheck(lambda x: resample(x, maps) * x * weights, given)


def test_gathered_is_the_same_sampling() -> None:
    """What a GPU takes where sums must have one order."""
    random = torch.Generator().manual_seed(0)
    period = images(2, 8).requires_grad_()
    places = torch.rand(2, 7, 7, 2, dtype=torch.float64, generator=random) * 8
    places[0, 0, 0] = 8.0  # the end of the period
    places[0, 0, 1] = 0.0
    whole = torch.cat((period, period[..., :1]), dim=-1)
    whole = torch.cat((whole, whole[..., :1, :]), dim=-2)
    mine, theirs = sample(period, places), gathered(whole, places)
    torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)
    weights = torch.randn(mine.shape, dtype=torch.float64, generator=random)
    gradients = [torch.autograd.grad((found * weights).sum(), period)[0] for found in (mine, theirs)]
    torch.testing.assert_close(*gradients, rtol=0, atol=1e-12)
