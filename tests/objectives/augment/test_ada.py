"""ADA's transforms, each alone: identity where nothing is chosen, known maps, and the paper's ranges."""

from __future__ import annotations

import pytest
import torch

from hitzoo.objectives.augment import ada, geometry
from hitzoo.objectives.augment.ada import Ada
from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.runtime.shard import Shard

GROUPS = ("blit", "geometry", "color", "filter", "noise", "cutout")
MANY = 20_000


def draws(count: int, seed: int = 0, shard: Shard | None = None) -> BatchRandom:
    random = torch.Generator().manual_seed(seed)
    return BatchRandom(random, count) if shard is None else BatchRandom(random, count, shard)


def images(count: int, channels: int = 3, side: int = 12) -> torch.Tensor:
    random = torch.Generator().manual_seed(9)
    return torch.rand(count, channels, side, side, generator=random, dtype=torch.float64) * 2 - 1


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nothing_chosen_changes_nothing_to_the_bit(channels, dtype) -> None:
    given = images(8, channels).to(dtype)
    assert torch.equal(Ada(GROUPS)(given, draws(8), 0.0), given)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("group", GROUPS)
def test_every_group_changes_images_of_every_kind(group, channels) -> None:
    given = images(24, channels)
    kept = given.clone()
    result = Ada((group,))(given, draws(24), 1.0)
    assert torch.equal(given, kept)
    assert (result.shape, result.dtype) == (given.shape, given.dtype)
    changed = (result != given).flatten(1).any(1)
    assert changed.double().mean() > 0.8
    if channels == 4 and group in ("color", "filter", "noise"):
        assert torch.equal(result[:, 3], given[:, 3])  # transparency has none of it
    if channels == 4 and group in ("blit", "geometry", "cutout"):
        assert not torch.equal(result[:, 3], given[:, 3])


@pytest.mark.parametrize("group", GROUPS)
def test_strength_is_the_share_of_images_that_change(group) -> None:
    chosen = {"blit": 1 - (1 - 0.2 / 2) * (1 - 0.2 * 3 / 4) * (1 - 0.2 * 24 / 25), "geometry": 1 - 0.8**4}
    chosen |= {"color": 1 - 0.8**4 * (1 - 0.2 / 2), "filter": 1 - 0.8**4}
    given = images(500, side=16)
    share = (Ada((group,))(given, draws(500), 0.2) != given).flatten(1).any(1).double().mean()
    assert share == pytest.approx(chosen.get(group, 0.2), abs=0.06)


@pytest.mark.parametrize("group", GROUPS)
def test_share_of_a_group_is_as_a_smaller_strength_of_it_alone(group) -> None:
    given = images(40, side=16)
    halved = Ada((group,), {group: 0.5})(given, draws(40), 0.8)
    assert torch.equal(halved, Ada((group,))(given, draws(40), 0.4))
    assert not torch.equal(halved, Ada((group,), {"noise" if group == "blit" else "blit": 0.5})(given, draws(40), 0.8))


def test_strength_that_grows_keeps_what_it_changed() -> None:
    given = images(300)
    few, many = ((Ada(("color",))(given, draws(300), p) != given).flatten(1).any(1) for p in (0.1, 0.2))
    assert 20 < few.sum() < many.sum()
    assert not (few & ~many).any()


@pytest.mark.parametrize("shard", [Shard(0, 2), Shard(3, 4)])
def test_shard_gets_its_share_of_the_draws(shard) -> None:
    given = images(16)
    whole = Ada(GROUPS)(given, draws(16), 0.7)
    part = Ada(GROUPS)(shard.of(given), draws(16, 0, shard), 0.7)
    torch.testing.assert_close(part, shard.of(whole), rtol=0, atol=1e-5)


def test_quarters_and_mirrors_are_exact() -> None:
    one = images(1, 2, 8)
    kinds = [torch.rot90(start, k, (2, 3)) for start in (one, one.flip(3)) for k in range(4)]
    result = geometry.turned(one.expand(800, -1, -1, -1), draws(800), 1.0)
    seen = [next(k for k, kind in enumerate(kinds) if torch.equal(image, kind[0])) for image in result]
    counts = torch.bincount(torch.tensor(seen), minlength=8)
    assert counts.min() > 60  # 100 of each


def test_blit_shifts_by_whole_pixels_up_to_an_eighth() -> None:
    maps = geometry.shift(draws(MANY), 1.0, 32)
    assert torch.equal(maps[:, :2, :2], torch.eye(2).expand(MANY, 2, 2))
    for axis in (0, 1):
        values, counts = maps[:, axis, 2].unique(return_counts=True)
        assert values.tolist() == [-4, -3, -2, -1, 0, 1, 2, 3, 4]
        assert counts[1:-1].min() > 0.8 * MANY / 8
        assert counts[0] < 0.6 * counts[1]  # what is rounded to the ends comes from one side


def test_geometry_has_the_ranges_of_the_paper() -> None:
    maps = geometry.general(draws(MANY), 1.0, 64).double()
    area = maps[:, :2, :2].det()  # of the inverse: scale⁻²
    logs = -area.log2() / 2
    assert logs.mean().item() == pytest.approx(0, abs=0.01)
    assert logs.std().item() == pytest.approx(0.2, rel=0.05)
    stretch = torch.linalg.svdvals(maps[:, :2, :2])
    ratio = (stretch[:, 0] / stretch[:, 1]).log2() / 2  # |N(0, 0.2²)|
    assert ratio.square().mean().sqrt().item() == pytest.approx(0.2, rel=0.05)
    moved = torch.linalg.solve(maps[:, :2, :2], -maps[:, :2, 2:])[..., 0]
    assert moved.std(0).tolist() == pytest.approx([8, 8], rel=0.05)  # an eighth of 64 pixels
    assert moved.mean(0).abs().max() < 0.3


@pytest.mark.parametrize("chance", [0.3, 1.0])
def test_one_of_both_rotations_is_there_with_the_probability(chance) -> None:
    maps = geometry.general(draws(MANY), chance, 64).double()
    turned = (maps[:, 0, 1].abs() > 1e-6) | (maps[:, 1, 0].abs() > 1e-6)
    assert turned.double().mean().item() == pytest.approx(chance, abs=0.015)


def test_geometry_comes_in_the_order_of_the_paper() -> None:
    """Scale, rotation, stretching along x and against y, rotation, shift; by hand for given numbers."""

    class Given(BatchRandom):
        def __init__(self) -> None:
            self.left = [torch.zeros(1, 5), torch.tensor([[0.75, 0.625]])]

        def normal(self, width: int) -> torch.Tensor:
            return torch.tensor([[1.0, 2.0, 0.5, -1.0]])

        def uniforms(self, width: int) -> torch.Tensor:
            return self.left.pop(0)

    found = geometry.general(Given(), 0.5, 64)[0].double()
    large, wide, shift = 2**0.2, 2**0.4, (4.0, -8.0)
    turns = [torch.tensor(angle * torch.pi).double() for angle in (0.5, 0.25)]
    turn = [torch.stack([torch.stack([a.cos(), -a.sin()]), torch.stack([a.sin(), a.cos()])]) for a in turns]
    forward = turn[1] @ torch.diag(torch.tensor([wide, 1 / wide]).double()) @ turn[0] * large
    point = torch.tensor([3.0, 5.0]).double()
    there = forward @ point + torch.tensor(shift).double()
    back = found @ torch.cat((there, torch.ones(1).double()))
    torch.testing.assert_close(back[:2], point, rtol=0, atol=1e-4)


def colors(count: int, chance: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    return ada.colors(draws(count), chance, torch.float64)


def test_colors_have_the_ranges_of_the_paper() -> None:
    """Along grey: contrast, and mirrored for half; across it: saturation and a turn by any angle."""
    matrix, added = colors(MANY)
    grey = torch.full((3,), 3**-0.5, dtype=torch.float64)
    along = (grey @ matrix) @ grey
    assert (along < 0).double().mean().item() == pytest.approx(0.5, abs=0.015)
    contrast = along.abs().log2()
    assert (contrast.mean().item(), contrast.std().item()) == (
        pytest.approx(0, abs=0.02),
        pytest.approx(0.5, rel=0.05),
    )
    across = torch.linalg.det(matrix).abs() / along.abs()  # (contrast · saturation)²
    saturation = across.log2() / 2 - contrast
    assert saturation.std().item() == pytest.approx(1.0, rel=0.05)
    assert (saturation - saturation.mean()).mul(contrast).mean().abs() < 0.02
    brightness = (added @ grey) / along / 3**0.5
    assert brightness.std().item() == pytest.approx(0.2, rel=0.05)
    torch.testing.assert_close(matrix @ grey, along[:, None] * grey, rtol=1e-9, atol=1e-9)  # grey stays grey


def test_grey_images_become_what_grey_colours_would() -> None:
    grey = images(40, 1)
    matrix, added = colors(40, 0.5)
    as_colours = ada.colored(grey.expand(-1, 3, -1, -1), matrix, added)
    torch.testing.assert_close(ada.colored(grey, matrix, added), as_colours.mean(1, keepdim=True), rtol=0, atol=1e-9)


def test_noise_has_a_deviation_of_each_image() -> None:
    given = torch.zeros(2000, 3, 12, 12, dtype=torch.float64)
    result = Ada(("noise",))(given, draws(2000), 1.0)
    deviation = result.flatten(1).std(1)
    assert deviation.square().mean().sqrt().item() == pytest.approx(0.1, rel=0.07)  # |N(0, 0.1²)|
    assert deviation.min() < 0.002
    assert deviation.max() > 0.25
    assert torch.unique(result[:, 0, 0, 0]).numel() > 1990


def test_cutout_is_a_square_of_half_the_side_about_any_place() -> None:
    holes = Ada(("cutout",))(torch.ones(4000, 1, 16, 16), draws(4000), 1.0)[:, 0] == 0
    rows, columns = holes.any(2).sum(1), holes.any(1).sum(1)
    assert torch.equal(holes.sum((1, 2)), rows * columns)
    assert rows.max() == columns.max() == 8
    assert rows.min() == columns.min() == 4  # centred on the border
    middle = holes.double().mean(0)
    assert middle[8, 8].item() == pytest.approx(0.25, abs=0.03)
    assert middle[0, 0].item() == pytest.approx(0.25**2, abs=0.02)
