"""Samples in each form, as pages, and as a notebook shows them."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from hitzoo.errors import RequestError
from hitzoo.sampling.latents import latents_of_seeds
from hitzoo.sampling.pictures import to_grid
from hitzoo.sampling.samples import Samples


def samples(count: int, side: int = 4, channels: int = 3) -> Samples:
    raw = np.linspace(-1.2, 1.2, count * side * side * channels, dtype=np.float32)
    return Samples(raw.reshape(count, side, side, channels), np.zeros((count, 6), np.float32))


def test_outputs_are_the_same_images(tiny_generator) -> None:
    generator = tiny_generator()
    expected = generator.sample(seeds=range(5))
    array = generator.sample(seeds=range(5), output="np")
    tensor = generator.sample(seeds=range(5), output="pt", batch_size=2)
    pictures = generator.sample(seeds=range(5), output="pil")
    assert np.array_equal(array, expected.raw)
    assert tensor.dtype == torch.float32
    np.testing.assert_allclose(tensor.permute(0, 2, 3, 1).numpy(), expected.raw, rtol=1e-5, atol=1e-5)
    assert all(np.array_equal(np.asarray(one), pixels) for one, pixels in zip(pictures, expected.pixels, strict=True))
    assert len(pictures) == 5


def test_tensor_output_takes_part_in_a_gradient(tiny_generator) -> None:
    generator = tiny_generator()
    target = generator.sample(seeds=[1], output="pt")
    z = torch.zeros(1, 6, requires_grad=True)
    (generator(z) - target).square().mean().backward()
    assert z.grad is not None
    assert z.grad.abs().max() > 0


def test_no_seeds_are_no_images_in_every_output(tiny_generator) -> None:
    generator = tiny_generator()
    assert generator.sample(seeds=[], output="pil") == []
    assert generator.sample(seeds=[], output="np").shape == (0, 8, 8, 3)
    assert generator.sample(seeds=[], output="pt").shape == (0, 3, 8, 8)


def test_unknown_output_is_refused(tiny_generator) -> None:
    with pytest.raises(RequestError, match="output 'jpg' is not possible; possible: samples, pil, np, pt"):
        tiny_generator().sample(output="jpg")


@pytest.mark.parametrize("seeds", [16, np.int64(16)])
def test_number_that_may_be_a_count_is_refused(tiny_generator, seeds) -> None:
    with pytest.raises(RequestError, match=r"seeds=\[16\] or seeds=range\(16\)"):
        tiny_generator().sample(seeds)


@pytest.mark.parametrize("seeds", ["0-3", [1.5], [None]])
def test_seed_that_is_no_whole_number_is_refused(tiny_generator, seeds) -> None:
    with pytest.raises(RequestError, match="is not a whole number; write for example seeds"):
        tiny_generator().sample(seeds)


def test_latents_with_a_gradient_are_sampled_without(tiny_generator) -> None:
    generator = tiny_generator()
    z = torch.from_numpy(latents_of_seeds([3], 6)).requires_grad_()
    assert np.array_equal(generator.sample(latents=z).raw, generator.sample([3]).raw)
    assert not generator.sample(latents=z.to(torch.bfloat16), output="pt").requires_grad


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((), (3, 3)), ((2,), (2, 4)), ((None, 2), (4, 2)), ((1, 3), (1, 3)), ((5, 5), (5, 5))],
)
def test_grid_lays_images_out_row_by_row(shape: tuple[int, ...], expected: tuple[int, int]) -> None:
    one = samples(7)
    assert np.array_equal(np.asarray(one.grid(*shape)), to_grid(one.pixels, *expected))


def test_grid_takes_padding_and_grey() -> None:
    assert samples(4).grid(2, 2, padding=0).size == (8, 8)
    assert samples(4, channels=1).grid().mode == "L"


@pytest.mark.parametrize("given", [{"rows": 0}, {"columns": -1}, {"padding": -1}])
def test_grid_that_is_not_possible_is_refused(given) -> None:
    with pytest.raises(RequestError, match=f"{next(iter(given))} .* is not possible"):
        samples(2).grid(**given)


def test_grid_of_nothing_is_refused() -> None:
    with pytest.raises(RequestError, match="no images"):
        samples(0).grid()


@pytest.mark.parametrize(("count", "side", "width"), [(4, 32, 4 * 70), (1, 128, 132), (4, 600, 1024), (100, 4, 1000)])
def test_notebook_shows_a_legible_grid(count: int, side: int, width: int) -> None:
    shown = samples(count, side)._repr_png_()
    assert shown is not None
    with Image.open(BytesIO(shown)) as picture:
        assert picture.format == "PNG"
        assert picture.width == width


def test_notebook_shows_nothing_of_no_images() -> None:
    assert samples(0)._repr_png_() is None


def test_repr_says_shapes_not_numbers() -> None:
    assert repr(samples(3)) == "Samples(3 × 4×4×3, latents 3×6)"
    assert repr(samples(3)[1:]) == "Samples(2 × 4×4×3, latents 2×6)"


@pytest.mark.parametrize(
    "index", [[0, 2], np.array([0, 2]), np.array([True, False, True]), [True, False, True], [-3, -1]]
)
def test_choice_of_samples_is_samples(index) -> None:
    three = samples(3)
    assert np.array_equal(three[index].raw, three.raw[[0, 2]])
    assert len(three[index].latents) == 2
    assert len(three[[]]) == 0


def test_index_of_the_wrong_kind_is_refused() -> None:
    for index in ("first", 1.5, [0.5], (0, 2)):
        with pytest.raises(RequestError, match="give a number, a slice or a list of numbers"):
            samples(3)[index]
    with pytest.raises(IndexError):
        samples(3)[[0, 3]]
