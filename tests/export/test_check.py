"""What the check of an exported file lets pass, by networks made up for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hitzoo.errors import OutputError, WeightsError
from hitzoo.export.check import differences
from hitzoo.export.format import Network
from hitzoo.export.subject import GeneratorSubject

PATH = Path("g.onnx")


def images_of(generator) -> Network:
    return lambda latents: generator.module(torch.from_numpy(latents)).numpy()


def test_the_generators_own_images_pass(tiny_generator) -> None:
    generator = tiny_generator()
    found = differences(images_of(generator), GeneratorSubject(generator), PATH)
    assert list(found) == [1, 3]
    assert max(found.values()) < 1e-6


@pytest.mark.parametrize(("factor", "passes"), [(1 + 5e-5, True), (1 + 2e-4, False), (float("nan"), False)])
def test_the_limit_is_a_share_of_the_largest_value(tiny_generator, factor: float, passes: bool) -> None:
    generator = tiny_generator()
    images = images_of(generator)

    def network(latents: np.ndarray) -> np.ndarray:
        return images(latents) * np.float32(factor)

    if passes:
        assert differences(network, GeneratorSubject(generator), PATH)[3] == pytest.approx(factor - 1, rel=0.01)
    else:
        with pytest.raises(OutputError, match=r"g\.onnx is not written: .* at batch 1 .* 1e-04 is allowed"):
            differences(network, GeneratorSubject(generator), PATH)


def test_one_wrong_pixel_of_a_later_image_is_seen(tiny_generator) -> None:
    generator = tiny_generator()
    images = images_of(generator)

    def network(latents: np.ndarray) -> np.ndarray:
        made = images(latents)
        if len(made) > 1:
            made[-1, 1, 7, 0] += 0.1
        return made

    with pytest.raises(OutputError, match="at batch 3"):
        differences(network, GeneratorSubject(generator), PATH)


def test_every_image_has_a_latent_of_its_own(tiny_generator) -> None:
    generator, seen = tiny_generator(), []
    images = images_of(generator)

    def network(latents: np.ndarray) -> np.ndarray:
        seen.extend(map(tuple, latents))
        return images(latents)

    differences(network, GeneratorSubject(generator), PATH)
    assert len(set(seen)) == len(seen) == 4


@pytest.mark.parametrize(
    "change",
    [lambda images: images[:1], lambda images: images.transpose(0, 2, 3, 1), lambda images: images.astype(np.float64)],
    ids=["one-image", "channels-last", "float64"],
)
def test_another_shape_or_precision_is_refused(tiny_generator, change) -> None:
    generator = tiny_generator()
    images = images_of(generator)
    with pytest.raises(OutputError, match="its images are float"):
        differences(lambda latents: change(images(latents)), GeneratorSubject(generator), PATH)


def test_images_that_are_not_finite_show_nothing(tiny_generator) -> None:
    generator = tiny_generator()
    next(generator.module.parameters()).fill_(float("nan"))
    with pytest.raises(WeightsError, match="the images of tiny are not finite: its weights"):
        differences(images_of(generator), GeneratorSubject(generator), PATH)
