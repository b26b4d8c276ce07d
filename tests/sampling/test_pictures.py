from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from hitzoo.errors import OutputError
from hitzoo.sampling.pictures import background, save_png, to_grid, to_picture, to_uint8


def test_numbers_become_bytes_by_rounding_to_nearest() -> None:
    steps = np.arange(256, dtype=np.float64)
    for offset in (-0.49, 0.0, 0.49):
        images = ((steps + offset) / 127.5 - 1).astype(np.float32)
        assert to_uint8(images).tolist() == steps.astype(int).tolist()


def test_what_leaves_the_range_is_clipped() -> None:
    images = np.array([-1.0, 1.0, -1.5, 1.5, -1e30, 1e30, -np.inf, np.inf, 0.999999], np.float32)
    out = to_uint8(images)
    assert out.dtype == np.uint8
    assert out.tolist() == [0, 255, 0, 255, 0, 255, 0, 255, 255]


@pytest.mark.parametrize("padding", [0, 1, 3])
def test_grid_is_filled_row_by_row_and_then_background(padding: int) -> None:
    pixels = np.zeros((5, 2, 3, 4), np.uint8) + np.arange(5, dtype=np.uint8)[:, None, None, None]
    pixels[:, 1, 2, :] = 100  # the lower right corner of each
    grid = to_grid(pixels, 2, 3, padding)
    assert grid.shape == (2 * (2 + padding) + padding, 3 * (3 + padding) + padding, 4)
    rest = grid.copy()
    for index in range(5):
        row, column = divmod(index, 3)
        place = np.s_[padding + row * (2 + padding) :, padding + column * (3 + padding) :]
        assert np.array_equal(grid[place][:2, :3], pixels[index])
        rest[place][:2, :3] = background(1, 1, 4)
    assert (rest == background(1, 1, 4)).all()
    assert background(1, 1, 4)[0, 0, 3] == 0


def test_a_grid_leaves_out_what_does_not_fit() -> None:
    pixels = np.arange(5, dtype=np.uint8)[:, None, None, None]
    assert to_grid(pixels, 2, 2, padding=0)[..., 0].tolist() == [[0, 1], [2, 3]]


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_a_png_holds_the_very_pixels_and_the_text(tmp_path, channels, mode) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, channels), np.uint8)
    assert to_picture(pixels).mode == mode
    save_png(tmp_path / "deep" / "one.png", pixels, {"title": "größe 8×8", "more": "x" * 3000})
    with Image.open(tmp_path / "deep" / "one.png") as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", mode, (7, 5))
        assert np.array_equal(np.asarray(picture).reshape(pixels.shape), pixels)
        assert picture.text == {"title": "größe 8×8", "more": "x" * 3000}
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["one.png"]


def test_a_picture_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch) -> None:
    path = tmp_path / "one.png"
    save_png(path, np.zeros((2, 2, 3), np.uint8), {})
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(OutputError, match="no space left"):
        save_png(path, np.ones((2, 2, 3), np.uint8), {})
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["one.png"]
