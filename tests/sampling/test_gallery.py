from __future__ import annotations

from importlib.metadata import version

import numpy as np
import pytest
from PIL import Image

from hitzoo.errors import OutputError, RequestError
from hitzoo.sampling.gallery import SampleRequest, make_images
from hitzoo.sampling.grid import Layout, parse_grid
from hitzoo.sampling.latents import latents_of_seeds
from hitzoo.sampling.pictures import BACKGROUND
from hitzoo.sampling.weights_digest import weights_digest


def order(numbers=range(5), **changes: object) -> SampleRequest:
    names = [f"seed{number:04d}" for number in numbers]
    return SampleRequest(**{"latents": latents_of_seeds(numbers, 6), "names": names, "seeds": list(numbers), **changes})


def pixels_of(path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_every_picture_says_how_it_was_made(tiny_generator, tmp_path) -> None:
    generator = tiny_generator()
    written = make_images(generator, order((7, 3), folder=tmp_path, truncation=0.75))
    assert written == [tmp_path / "seed0007.png", tmp_path / "seed0003.png"]
    expected = generator.sample(seeds=[7, 3], truncation=0.75).pixels
    for seed, path, pixels in zip((7, 3), written, expected, strict=True):
        with Image.open(path) as picture:
            assert picture.text == {
                "Software": f"hitzoo {version('hitzoo')}",
                "hitzoo:version": version("hitzoo"),
                "hitzoo:model": "tiny",
                "hitzoo:from": "tiny",
                "hitzoo:weights": weights_digest(generator.module),
                "hitzoo:path": "plain",
                "hitzoo:plan": generator.plan.generator_hash,
                "hitzoo:truncation": "0.75",
                "hitzoo:precision": "float32",
                "hitzoo:seed": str(seed),
            }
        assert np.array_equal(pixels_of(path), pixels)


def test_pictures_of_latents_have_no_seed(tiny_generator, tmp_path) -> None:
    (path,) = make_images(tiny_generator(), order([4], folder=tmp_path, seeds=None))
    with Image.open(path) as picture:
        assert "hitzoo:seed" not in picture.text
        assert picture.text["hitzoo:model"] == "tiny"


@pytest.mark.parametrize("batch_size", [1, 3, 4, None])
def test_a_grid_of_several_pages(tiny_generator, tmp_path, batch_size) -> None:
    generator = tiny_generator()
    written = make_images(
        generator, order(range(10), folder=tmp_path, grid=Layout(rows=2, columns=2, padding=0), batch_size=batch_size)
    )
    assert [path.name for path in written[:3]] == ["grid001.png", "grid002.png", "grid003.png"]
    assert [path.name for path in written[3:]] == [f"seed{seed:04d}.png" for seed in range(10)]
    for page in range(3):
        grid = pixels_of(written[page])
        assert grid.shape == (16, 16, 3)
        for cell in range(4):
            seed = 4 * page + cell
            shown = grid[8 * (cell // 2) :, 8 * (cell % 2) :][:8, :8]
            if seed < 10:
                assert np.array_equal(shown, pixels_of(tmp_path / f"seed{seed:04d}.png"))
            else:
                assert (shown == BACKGROUND).all()


@pytest.mark.parametrize("count", [3, 4])
def test_one_page_has_no_number(tiny_generator, tmp_path, count) -> None:
    written = make_images(
        tiny_generator(), order(range(count), folder=tmp_path, grid=Layout(rows=2, columns=2, padding=0))
    )
    assert written[0] == tmp_path / "grid.png"
    assert len(written) == len(list(tmp_path.iterdir())) == count + 1
    with Image.open(written[0]) as picture:
        assert picture.text["hitzoo:seeds"] == f"0-{count - 1}"
        assert picture.text["hitzoo:grid"] == "2x2"
        assert picture.text["hitzoo:model"] == "tiny"


@pytest.mark.parametrize("batch_size", [2, None])
@pytest.mark.parametrize("channels", [1, 3])
def test_raw_numbers_are_channels_last_float32_and_not_clipped(tiny_generator, tmp_path, channels, batch_size) -> None:
    generator = tiny_generator(f"data.channels={channels}")
    path = tmp_path / "deep" / "images.npy"
    assert make_images(generator, order(npy=path, batch_size=batch_size)) == [path]
    array = np.load(path, allow_pickle=False)
    assert array.dtype == np.dtype("<f4")
    assert array.shape == (5, 8, 8, channels)
    np.testing.assert_allclose(array, generator.sample(seeds=range(5)).raw, rtol=1e-5, atol=1e-5)
    assert np.abs(array).max() > 1
    assert [file.name for file in path.parent.iterdir()] == ["images.npy"]


def test_progress_counts_images(tiny_generator) -> None:
    heard: list[int] = []
    assert make_images(tiny_generator(), order(batch_size=2), heard.append) == []
    assert heard == [2, 2, 1]


def test_the_batch_size_of_an_order_is_the_networks(tiny_generator, monkeypatch) -> None:
    generator = tiny_generator()
    monkeypatch.setattr("hitzoo.sampling.sampler._PIXELS_AT_ONCE_ON_CPU", 2 * 8 * 8)
    sizes: list[int] = []
    generator.module.register_forward_pre_hook(lambda _, given: sizes.append(len(given[0])))
    make_images(generator, order())
    make_images(generator, order(batch_size=4))
    assert sizes == [2, 2, 1, 4, 1]


def test_raw_numbers_are_there_whole_or_not_at_all(tiny_generator, tmp_path) -> None:
    generator = tiny_generator()

    def stop(count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_images(generator, order(folder=tmp_path / "png", npy=tmp_path / "images.npy", batch_size=2), stop)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["png", "seed0000.png", "seed0001.png"]


def test_what_cannot_be_written_is_said(tiny_generator, tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write"):
        make_images(tiny_generator(), order(folder=tmp_path / "file"))


@pytest.mark.parametrize(("text", "grid"), [("6x6", (6, 6)), ("2X10", (2, 10)), ("1×3", (1, 3))])
def test_a_grid_as_it_is_written(text, grid) -> None:
    assert parse_grid(text) == grid


@pytest.mark.parametrize("text", ["", "6", "x", "6x", "x6", "0x3", "3x0", "-1x2", "2x2x2", "axb", "1.5x2"])
def test_what_is_no_grid_is_said(text) -> None:
    with pytest.raises(RequestError, match="write rows x columns, for example 6x6"):
        parse_grid(text)
