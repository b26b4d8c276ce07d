"""The stage kernel against float64."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from hitzoo.fold.triton import reference
from hitzoo.fold.triton.stage import _launch, pixel_stage
from hitzoo.fold.triton.support import supports_stage
from hitzoo.fold.triton.tiling import Tile, device_of
from tests.fold.triton.drawn import Draw, assert_near, assert_untouched_around, double, guarded

TYPES = [torch.float32, torch.bfloat16, torch.float16]
SHAPES = {  # channels, width of a slice with an upsampling layer, depth, heads, tokens
    "16": (16, 16, 1, 1, 16),
    "16 from 8": (16, 8, 2, 2, 16),
    "32 from 24": (32, 24, 1, 4, 8),
    "32 without a layer": (32, None, 2, 2, 16),
    "64": (64, 16, 2, 4, 16),
    "128": (128, 32, 1, 4, 16),
    "three deep": (16, 16, 3, 2, 32),
}


@pytest.mark.parametrize("ends", [False, True], ids=["", "ends in the image"])
@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_stage(draw: Draw, dtype: torch.dtype, shape: tuple[int, int | None, int, int, int], ends: bool) -> None:
    channels, before, depth, heads, tokens = shape
    parents = 35
    x = draw(3, parents, 4 * (before or channels), dtype=dtype)
    if draw.device.type == "cuda" and not supports_stage(x, channels, 2 * channels, heads, tokens, 3):
        pytest.skip("not supported on this card")
    weights = draw.stage(parents, channels, dtype, before=before, depth=depth, heads=heads, image=True, ends=ends)
    attention = draw.attention(3, channels, heads * tokens, dtype)
    expected = reference.pixel_stage(
        double(x), double(weights), attention=double(attention), image_before=(image := draw(3, parents, 3)).double()
    )
    features, found = pixel_stage(x, weights, attention=attention, image_before=image)
    assert found is not None
    assert found.dtype == torch.float32
    assert_near(found, expected[1], dtype)
    assert (features is None) == ends
    if not ends:
        assert_near(features, expected[0], dtype)


@pytest.mark.parametrize("image", [False, True], ids=["", "image"])
@pytest.mark.parametrize("attends", [False, True], ids=["", "attends"])
def test_what_a_stage_may_lack(draw: Draw, attends: bool, image: bool) -> None:
    x = draw(2, 5, 64)
    weights = draw.stage(5, 16, torch.float32, before=16, image=image)
    attention = draw.attention(2, 16, 32, torch.float32) if attends else None
    found = pixel_stage(x, weights, attention=attention)
    expected = reference.pixel_stage(double(x), double(weights), attention=double(attention))
    assert_near(found[0], expected[0], torch.float32)
    assert (found[1] is not None) == image
    if image:
        assert_near(found[1], expected[1], torch.float32)


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("ends", [True, False])
def test_every_way_to_cut_the_work(draw: Draw, kept: bool, ends: bool) -> None:
    if kept and device_of(draw.device).has_tensor_memory:
        pytest.skip("weights are never kept on this card")
    x, attention = draw(2, 25, 64), draw.attention(2, 16, 32, torch.float32)
    weights = draw.stage(25, 16, torch.float32, before=16, depth=2, image=True, ends=ends)
    expected = reference.pixel_stage(double(x), double(weights), attention=double(attention))
    tile = Tile(rows=16, chunk=16, warps=4, stages=2, kept=kept, programs=2)
    for found, wanted in zip(pixel_stage(x, weights, attention=attention, tile=tile), expected, strict=True):
        assert (found is None) == (wanted is None)
        if found is not None:
            assert_near(found, wanted, torch.float32)


def test_the_approximate_gelu_is_asked_for(draw: Draw) -> None:
    x, weights = draw(1, 16, 64), draw.stage(16, 16, torch.float32)
    form = {"gelu": "approximate"}
    near, exact = pixel_stage(x, weights, gelu="approximate")[0], pixel_stage(x, weights)[0]
    assert near is not None
    assert_near(near, reference.pixel_stage(double(x), double(weights), **form)[0], torch.float32)
    assert not torch.equal(near, exact)


def test_large_logits_do_not_overflow(draw: Draw) -> None:
    x, weights = draw(1, 4, 64), draw.stage(4, 16, torch.float32)
    attention = draw.attention(1, 16, 32, torch.float32)
    attention = replace(attention, score_bias=300 * attention.score_bias)
    found = pixel_stage(x, weights, attention=attention)[0]
    expected = reference.pixel_stage(double(x), double(weights), attention=double(attention))[0]
    assert_near(found, expected, torch.float32)


def test_a_sample_sees_its_own_latent_and_image_only(draw: Draw) -> None:
    x, weights = draw(2, 9, 64), draw.stage(9, 16, torch.float32, before=16, image=True)
    attention, image = draw.attention(2, 16, 32, torch.float32), draw(2, 9, 3)
    together = pixel_stage(x, weights, attention=attention, image_before=image)
    for i in range(2):
        one = slice(i, i + 1)
        own = replace(
            attention,
            score=attention.score[one],
            score_bias=attention.score_bias[one],
            read_out=attention.read_out[one],
        )
        alone = pixel_stage(x[one], weights, attention=own, image_before=image[one])
        for both, single in zip(together, alone, strict=True):
            assert both is not None
            assert torch.equal(both[one], single)


@pytest.mark.parametrize("before", [16, 24])
def test_a_pixel_sees_itself_only(draw: Draw, before: int) -> None:
    x, weights = draw(1, 9, 4 * before), draw.stage(9, 16, torch.float32, before=before, image=True)
    x[0, 3, 2 * before + 1] = torch.nan  # of the third child of the fourth pixel
    for found in pixel_stage(x, weights):  # the interpreter's maximum, in the softmax, warns of such rows
        assert found is not None
        assert found[0].isnan().any(dim=1).nonzero().flatten().tolist() == [4 * 3 + 2]


def test_nothing_is_written_but_the_rows(draw: Draw) -> None:
    x, weights = draw(1, 9, 64), draw.stage(9, 16, torch.float32, image=True)
    tile = Tile(rows=32, chunk=32, warps=4, stages=2, kept=True, programs=2)
    (out, whole), (image, whole_image) = guarded(draw(1, 36, 16)), guarded(draw(1, 36, 3))
    _launch(x, weights, None, None, out, image, "exact", "ieee", tile)
    assert_untouched_around(whole, out)
    assert_untouched_around(whole_image, image)
    features, drawn = pixel_stage(x, weights, precision="ieee", tile=tile)
    assert features is not None
    assert drawn is not None
    assert torch.equal(out, features)
    assert torch.equal(image, drawn)


def test_no_samples(draw: Draw) -> None:
    features, image = pixel_stage(draw(0, 4, 64), draw.stage(4, 16, torch.float32, image=True))
    assert features is not None
    assert image is not None
    assert features.shape == (0, 16, 16)
    assert image.shape == (0, 16, 3)
