"""Parts of images against the whole: to the last bit, since the kernels are the same."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from hitzoo.errors import RequestError
from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.fold import fold
from hitzoo.families.load import parse_spec
from hitzoo.fold.kernels import plain_kernels
from hitzoo.runtime.live_bytes import LiveBytes
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.region import Region
from hitzoo.sampling.render import Renderer, View
from tests.fold.specs import CONVNET, FOUR_STAGES, VARIANTS
from tests.support import fill

PIXELWISE = [name for name in VARIANTS if name not in ("attention to the end", "pixels alone before attention")]


def generator(*overrides: str, text: str = FOUR_STAGES) -> Generator:
    spec = parse_spec(text, "four.yaml", overrides)
    plan = compile_spec(spec)
    return Generator(spec, plan, fill(build_generator(plan), scale=0.3), torch.device("cpu"))


@pytest.mark.parametrize("name", [*PIXELWISE, "pixels alone before attention"])
def test_any_region_is_that_part_of_the_image(name: str) -> None:
    model = generator(*VARIANTS[name])
    whole = model.sample(seeds=[4, 5]).raw
    assert whole.std() > 0.1
    folded = model.fast()
    np.testing.assert_allclose(folded.sample(seeds=[4, 5]).raw, whole, rtol=0, atol=1e-5 * np.abs(whole).max())
    full = model.render(seeds=[4, 5]).raw
    np.testing.assert_allclose(full, whole, rtol=0, atol=1e-5 * np.abs(whole).max())
    for left, top, width, height in ((0, 0, 32, 32), (3, 9, 11, 2), (31, 31, 1, 1), (7, 0, 1, 32)):
        part = model.render(seeds=[4, 5], region=(left, top, width, height)).raw
        cut = full[:, top : top + height, left : left + width]
        np.testing.assert_allclose(part, cut, rtol=0, atol=1e-6 * np.abs(whole).max())


@pytest.mark.parametrize("tile", [1, 4, 5, 8, 13, 1000])
def test_tiles_of_any_size_make_the_same_image(tile: int) -> None:
    model = generator()
    full = model.render(seeds=[4]).raw
    np.testing.assert_allclose(model.render(seeds=[4], tile=tile).raw, full, rtol=0, atol=1e-6 * np.abs(full).max())
    part = model.render(seeds=[4], tile=tile, region=(3, 9, 20, 13)).raw
    np.testing.assert_allclose(part, full[:, 9:22, 3:23], rtol=0, atol=1e-6 * np.abs(full).max())


@pytest.mark.parametrize(("tile", "side"), [(1, 4), (5, 4), (8, 8), (13, 12)])
def test_a_tile_is_whole_pixels_of_the_last_map_that_is_needed_whole(tile: int, side: int) -> None:
    """Each becomes 4×4 pixels of the image: a tile that cut one would compute it twice."""
    tiles = Renderer(generator().fast().module, View(tile=tile)).tiles(torch.ones(1, 6))
    assert next(tiles)[0] == Region(0, 0, side, side)


def test_what_is_outside_the_region_is_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    model = generator()
    rows: list[int] = []
    folded = model.fast()
    tail = folded.module.tail
    for stage in tail.folded:
        monkeypatch.setattr(stage, "enter", lambda x, p, enter=stage.enter: rows.append(len(p)) or enter(x, p))
    folded.render(seeds=[4], region=(9, 17, 7, 3))  # columns 8–15 and rows 16–19: 2×1 pixels of the 8×8 map
    assert rows == [2 * 4, 2 * 16]
    rows.clear()
    folded.render(seeds=[4])
    assert sum(rows) == 16**2 + 32**2


def test_a_coarser_level_is_the_image_so_far_and_no_later_stage_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    model = generator(*VARIANTS["an image at every stage"]).fast()
    whole = model.render(seeds=[4], level=32).raw
    silent = generator(*VARIANTS["an image at every stage"])
    for stage in silent.module.stages[3:]:
        stage.to_rgb.linear.weight.zero_(), stage.to_rgb.linear.bias.zero_()
    expected = silent.sample(seeds=[4]).raw  # the image of 16×16, each pixel four times
    last = model.module.tail.folded[-1]
    monkeypatch.setattr(last, "forward", lambda *_: pytest.fail("a stage beyond the level was computed"))
    preview = model.render(seeds=[4], level=16).raw
    assert preview.shape == (1, 16, 16, 3)
    np.testing.assert_allclose(preview.repeat(2, axis=1).repeat(2, axis=2), expected, atol=1e-5)
    assert np.abs(expected - whole).max() > 0.1


@pytest.mark.parametrize("level", [4, 8])
def test_levels_within_the_stages_that_mix_pixels(level: int) -> None:
    overrides = VARIANTS["an image at every stage"]
    model, silent = generator(*overrides), generator(*overrides)
    for stage in silent.module.stages[level.bit_length() - 2 :]:
        stage.to_rgb.linear.weight.zero_(), stage.to_rgb.linear.bias.zero_()
    expected = silent.sample(seeds=[4]).raw[:, :: 32 // level, :: 32 // level]
    np.testing.assert_allclose(model.render(seeds=[4], level=level).raw, expected, atol=1e-5)
    part = model.render(seeds=[4], level=level, region=(1, 2, 3, 2), tile=2).raw
    np.testing.assert_allclose(part, expected[:, 2:4, 1:4], atol=1e-5)


def test_a_level_without_an_image_is_refused() -> None:
    with pytest.raises(RequestError, match=r"--level 8: .*possible: 16, 32"):
        generator().render(seeds=[4], level=8)


def test_the_region_counts_in_the_levels_pixels() -> None:
    with pytest.raises(RequestError, match="16×16"):
        generator().render(seeds=[4], level=16, region=(0, 0, 32, 32))


def test_a_model_whose_last_stage_mixes_pixels_is_refused() -> None:
    with pytest.raises(RequestError, match="attends to its own map at 32"):
        generator(*VARIANTS["attention to the end"]).render(seeds=[4])
    with pytest.raises(RequestError, match="convolutions mix pixels"):
        generator(text=CONVNET).render(seeds=[4])


def test_training_mode_is_refused() -> None:
    model = generator()
    model.module.train()
    with pytest.raises(RequestError, match="training mode"):
        model.render(seeds=[4])


def test_latents_and_truncation_as_in_sampling() -> None:
    model = generator()
    sampled = model.sample(seeds=[4], truncation=0.5)
    rendered = model.render(seeds=[4], truncation=0.5)
    assert np.array_equal(rendered.latents, sampled.latents)
    np.testing.assert_allclose(rendered.raw, sampled.raw, atol=1e-5)
    np.testing.assert_allclose(model.render(latents=sampled.latents).raw, sampled.raw, atol=1e-5)


def test_no_seeds_no_images() -> None:
    model = generator()
    assert model.render(seeds=[], region=(0, 0, 5, 3)).raw.shape == (0, 3, 5, 3)


@pytest.mark.parametrize("region", [(), (1, 2, 3), (1, 2, 3, 4, 5), (0.5, 0, 4, 4), "0,0,4,4"])
def test_what_is_no_region_is_refused(region) -> None:
    with pytest.raises(RequestError, match="left, top, width, height in whole pixels"):
        generator().render(region=region)


def test_between_tiles_the_caller_is_in_the_mode_it_was_in() -> None:
    renderer = Renderer(generator().fast().module, View(tile=8))
    tiles = renderer.tiles(torch.ones(1, 6))
    next(tiles)
    assert not torch.is_inference_mode_enabled()
    assert sum(1 for _ in tiles) == 15


def test_memory_goes_with_the_tile_not_with_the_image() -> None:
    """What is alive at most is the same for a tile of an image of sixteen times the pixels."""
    more = "generator.stages=" + json.dumps(STAGES)
    peaks = [_peak_bytes(generator(*given), tile=16) for given in ((), (more, DEEPER, "data.resolution=128"))]
    assert peaks[1] < 1.3 * peaks[0]


STAGES = [
    {"channels": 16, "heads": 4, "depth": 2, "attention": "multi_axis"},
    {"channels": 8, "heads": 2, "depth": 1, "attention": "multi_axis"},
    {"channels": 8, "heads": 2, "depth": 1, "attention": "none"},
    {"channels": 4, "heads": 2, "depth": 2, "attention": "none"},
    {"channels": 4, "heads": 2, "depth": 2, "attention": "none"},
    {"channels": 4, "heads": 2, "depth": 2, "attention": "none"},
]
DEEPER = "discriminator.channels=[4, 4, 4, 4, 4, 6]"


def _peak_bytes(model: Generator, *, tile: int) -> int:
    renderer = Renderer(fold(model.module, replace(plain_kernels(), chunk_numel=1 << 20)), View(tile=tile))
    z = torch.ones(1, 6)
    with LiveBytes() as memory:
        for _ in renderer.tiles(z):
            pass
    return memory.peak
