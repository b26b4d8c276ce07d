"""What is compared: generated pictures and stored ones, as RGB bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hitzoo.data.open import open_source
from hitzoo.errors import DataError
from hitzoo.evaluation.pictures import GeneratedImages, StoredImages, to_rgb
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.weights_digest import weights_digest
from hitzoo.spec.types import DataSpec
from tests.evaluation.conftest import Shapes


def test_generated_pictures_are_what_sample_gives(tiny_generator: Callable[..., Generator]) -> None:
    generator = tiny_generator()
    pictures = GeneratedImages(generator, 10, truncation=0.7)
    assert len(pictures) == 10
    wanted = generator.sample(seeds=[3, 9], truncation=0.7).pixels
    np.testing.assert_array_equal(pictures.read([3, 9]), wanted)
    facts = pictures.facts()
    assert facts["seeds"] == "0-9"
    assert facts["weights"] == weights_digest(generator.module)
    assert (facts["resolution"], facts["values"]) == (8, "uint8 RGB")


def test_the_rewritten_network_makes_them_and_the_protocol_says_so(
    tiny_generator: Callable[..., Generator], monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = tiny_generator()
    plain = GeneratedImages(generator, 10)
    pictures = GeneratedImages(generator, 10, fast="float32")
    monkeypatch.setattr(generator, "sample", lambda **_: pytest.fail("made by the network as it is"))
    made, wanted = pictures.read([3, 9]), generator.fast(keeps_memory=False).sample(seeds=[3, 9]).pixels
    np.testing.assert_array_equal(made, wanted)
    assert pictures.facts() == plain.facts() | {"network": "fast, float32"}


def test_the_digest_is_that_of_the_weights(tiny_generator: Callable[..., Generator]) -> None:
    first, second = tiny_generator(), tiny_generator()
    before = weights_digest(first.module)
    assert before == weights_digest(second.module)
    next(second.module.parameters()).data.flatten()[0] += 1e-3
    assert before != weights_digest(second.module)


def test_grey_and_transparent_become_rgb() -> None:
    grey = np.array([[[[7], [200]]]], dtype=np.uint8)
    assert to_rgb(grey).tolist() == [[[[7, 7, 7], [200, 200, 200]]]]
    rgba = np.array([[[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 51]]]], dtype=np.uint8)
    assert to_rgb(rgba).tolist() == [[[[10, 20, 30], [255, 255, 255], [204, 204, 204]]]]
    rgb = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
    assert to_rgb(rgb) is rgb
    assert to_rgb(np.empty((0, 8, 8, 4), np.uint8)[:0]).shape == (0, 8, 8, 3)


@pytest.mark.parametrize(("channels", "generated"), [(1, "L"), (4, "RGBA")])
def test_models_of_other_channels(channels: int, generated: str, tiny_generator: Callable[..., Generator]) -> None:
    generator = tiny_generator(f"data.channels={channels}")
    pictures = GeneratedImages(generator, 4).read(range(4))
    assert pictures.shape == (4, 8, 8, 3)
    stored = StoredImages(Shapes(4, side=8), generator.spec.data, 8)
    assert stored.read(range(4)).shape == (4, 8, 8, 3)
    assert (np.ptp(stored.read([0]), axis=-1) == 0).all() == (generated == "L")


@pytest.mark.parametrize(
    ("total", "count", "wanted"),
    [(10, 4, [0, 2, 5, 7]), (10, 10, list(range(10))), (10, 30, list(range(10))), (10, None, list(range(10)))],
)
def test_fewer_are_spread_evenly(total: int, count: int | None, wanted: list[int]) -> None:
    stored = StoredImages(Shapes(total), DataSpec(), 32, count)
    assert list(stored.indices) == wanted
    np.testing.assert_array_equal(stored.read([1])[0], np.asarray(Shapes(total).read(wanted[1])))
    assert stored.facts()["chosen"].startswith("all" if len(wanted) == total else "spread")


def test_nothing_is_random_and_the_crop_is_the_centre() -> None:
    class Wide(Shapes):
        def read(self, index: int) -> Image.Image:
            pixels = np.zeros((16, 40, 3), np.uint8)
            pixels[:, 12:28] = 200
            pixels[4:12, 16:24] = 90
            return Image.fromarray(pixels)

    data = DataSpec(crop="random", crop_fraction=0.5, flip=True)
    stored = StoredImages(Wide(3), data, 8)
    assert (stored.read(range(3)) == 90).all()
    assert stored.facts() | {"crop": "center", "crop_fraction": 0.5} == stored.facts()


def test_unreadable_files(noise_folder: Callable[..., Path]) -> None:
    folder = noise_folder("set", 6)
    (folder / "002.png").write_bytes(b"broken")
    source = open_source(str(folder), resolution=8)
    with pytest.raises(DataError, match=r"002\.png.*`hitzoo data check`"):
        StoredImages(source, DataSpec(), 8).read(range(6))
    stored = StoredImages(source, DataSpec(on_error="skip"), 8)
    assert len(stored.read(range(6))) == 5
    assert stored.unreadable == ["002.png"]
    assert stored.read([2]).shape == (0, 8, 8, 3)
