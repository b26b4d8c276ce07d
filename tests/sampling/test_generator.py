from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from hitzoo.errors import RequestError
from hitzoo.sampling.latents import latents_of_seeds
from hitzoo.sampling.samples import Samples


def test_samples_are_a_sequence_of_pictures() -> None:
    raw = np.linspace(-1.5, 1.5, 3 * 2 * 2 * 3, dtype=np.float32).reshape(3, 2, 2, 3)
    samples = Samples(raw, np.zeros((3, 6), np.float32))
    assert len(samples) == 3
    pictures = list(samples)
    assert [picture.mode for picture in pictures] == ["RGB"] * 3
    for index, picture in enumerate(pictures):
        assert np.array_equal(np.asarray(picture), samples.pixels[index])
        assert np.array_equal(np.asarray(samples[index]), samples.pixels[index])
    assert np.array_equal(np.asarray(samples[-1]), samples.pixels[2])
    with pytest.raises(IndexError):
        samples[3]
    assert isinstance(samples, Sequence)
    last = samples[1:]
    assert isinstance(last, Samples)
    assert np.array_equal(last.raw, raw[1:])
    assert last.latents.shape == (2, 6)
    assert (samples.pixels.min(), samples.pixels.max()) == (0, 255)
    assert samples.raw.min() == -1.5  # the numbers themselves are not clipped
    assert samples.pixels is samples.pixels


def test_an_image_does_not_depend_on_its_batch(tiny_generator) -> None:
    generator = tiny_generator()
    whole = generator.sample(seeds=range(7))
    assert whole.raw.shape == (7, 8, 8, 3)
    assert whole.raw.std() > 0.3
    assert np.abs(whole.raw[0] - whole.raw[1]).max() > 0.1
    for size in (1, 3, 7, 100):
        np.testing.assert_allclose(
            generator.sample(seeds=range(7), batch_size=size).raw, whole.raw, rtol=1e-5, atol=1e-5
        )
    alone = generator.sample(seeds=[5])
    np.testing.assert_allclose(alone.raw[0], whole.raw[5], rtol=1e-5, atol=1e-5)
    backwards = generator.sample(seeds=reversed(range(7)))
    np.testing.assert_allclose(backwards.raw[::-1], whole.raw, rtol=1e-5, atol=1e-5)


def test_raw_is_what_the_network_says_with_channels_last(tiny_generator) -> None:
    generator = tiny_generator()
    z = latents_of_seeds([3, 4], 6)
    expected = generator.module(torch.from_numpy(z)).numpy()
    for samples in (generator.sample(seeds=[3, 4]), generator.sample(latents=z), generator.sample(latents=z.tolist())):
        np.testing.assert_allclose(samples.raw.transpose(0, 3, 1, 2), expected, rtol=1e-5, atol=1e-6)
        assert np.array_equal(samples.latents, z)
        assert samples.raw.dtype == np.float32
    assert np.abs(expected).max() > 1


def test_without_seeds_there_is_the_image_of_seed_zero(tiny_generator) -> None:
    generator = tiny_generator()
    assert np.array_equal(generator.sample().latents, latents_of_seeds([0], 6))
    assert len(generator.sample(seeds=[])) == 0
    assert generator.sample(seeds=[]).raw.shape == (0, 8, 8, 3)


def test_truncation_scales_the_latents(tiny_generator) -> None:
    generator = tiny_generator()
    half = generator.sample(seeds=[1, 2], truncation=0.5)
    assert np.array_equal(half.latents, latents_of_seeds([1, 2], 6) / 2)
    assert np.array_equal(half.raw, generator.sample(latents=latents_of_seeds([1, 2], 6) / 2).raw)
    assert half.latents.dtype == np.float32
    given = np.ones((1, 6), np.float32)
    generator.sample(latents=given, truncation=0.5)
    assert (given == 1).all()


@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan")])
def test_a_truncation_must_be_positive(tiny_generator, value) -> None:
    with pytest.raises(RequestError, match=r"truncation .* not possible"):
        tiny_generator().sample(truncation=value)


def test_seeds_and_latents_together_are_refused(tiny_generator) -> None:
    with pytest.raises(RequestError, match="seeds or latents, not both"):
        tiny_generator().sample(seeds=[1], latents=np.zeros((1, 6)))


@pytest.mark.parametrize("shape", [(6,), (2, 5), (1, 2, 6)])
def test_latents_of_another_shape_are_refused(tiny_generator, shape) -> None:
    with pytest.raises(RequestError, match=r"the model wants \(N, 6\)"):
        tiny_generator().sample(latents=np.zeros(shape))


def test_a_batch_size_must_be_positive(tiny_generator) -> None:
    with pytest.raises(RequestError, match="batch_size"):
        tiny_generator().sample(batch_size=-1)


def test_progress_hears_of_every_batch(tiny_generator) -> None:
    heard: list[int] = []
    tiny_generator().sample(seeds=range(7), batch_size=3, progress=heard.append)
    assert heard == [3, 3, 1]


def test_a_batch_makes_a_million_pixels_and_is_soon_done_on_a_cpu(tiny_generator) -> None:
    generator = tiny_generator()
    assert generator.default_batch_size == 2**16 // 64
    assert generator.to("meta").default_batch_size == 2**20 // 64


def test_a_batch_is_never_empty(tiny_generator, monkeypatch) -> None:
    monkeypatch.setattr("hitzoo.sampling.sampler._PIXELS_AT_ONCE_ON_CPU", 10)
    assert tiny_generator().default_batch_size == 1


@pytest.mark.parametrize("channels", [1, 4])
def test_grey_images_and_such_with_transparency(tiny_generator, channels) -> None:
    samples = tiny_generator(f"data.channels={channels}").sample(seeds=range(2))
    assert samples.raw.shape == (2, 8, 8, channels)
    assert samples[0].mode == {1: "L", 4: "RGBA"}[channels]


def test_a_generator_is_ready_for_evaluation(tiny_generator) -> None:
    generator = tiny_generator()
    before = {name: tensor.clone() for name, tensor in generator.module.state_dict().items()}
    generator.sample(seeds=range(5))
    assert not generator.module.training
    assert not any(weight.requires_grad for weight in generator.module.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in generator.module.state_dict().items())
    assert generator.name == "tiny"


@pytest.mark.parametrize(
    "given",
    [
        {"truncation": "x"},
        {"truncation": None},
        {"latents": "x"},
        {"latents": [[0.0] * 6, [0.0]]},
        {"batch_size": 1.5},
        {"batch_size": "8"},
        {"seeds": 1.5},
    ],
)
def test_argument_of_the_wrong_kind_is_refused_by_name(tiny_generator, given: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match=rf"^{next(iter(given))} "):
        tiny_generator().sample(**given)


def test_array_in_a_call_is_refused_with_the_ways_to_give_it(tiny_generator) -> None:
    with pytest.raises(RequestError, match=r"torch\.from_numpy\(z\)\.float\(\), or \.sample\(latents=z\)"):
        tiny_generator()(np.zeros((1, 6), np.float32))
