from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from hitzoo.data.pixels import to_pixels

COLOUR = (200, 100, 50)
LUMA = round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)  # 124


def single(mode: str, value: object) -> Image.Image:
    return Image.new(mode, (1, 1), value)  # type: ignore[arg-type]


def palette(mode: str = "RGB") -> Image.Image:
    image = Image.new("P", (2, 1))
    image.putpalette([200, 100, 50, 0, 10, 20] if mode == "RGB" else [200, 100, 50, 102, 0, 10, 20, 255], mode)
    image.putdata([0, 1])
    return image


def row(image: Image.Image, channels: int) -> list[list[int]]:
    pixels = to_pixels(image, channels)
    assert pixels.dtype == np.uint8
    assert pixels.shape == (1, image.width, channels)
    return [list(map(int, pixel)) for pixel in pixels[0]]


@pytest.mark.parametrize(
    ("image", "rgb"),
    [
        (single("1", 1), (255, 255, 255)),
        (single("1", 0), (0, 0, 0)),
        (single("L", 77), (77, 77, 77)),
        (single("RGB", COLOUR), COLOUR),
        (single("RGBX", (*COLOUR, 0)), COLOUR),
        (single("CMYK", (55, 155, 205, 0)), COLOUR),
        (single("CMYK", (0, 0, 0, 155)), (100, 100, 100)),
        (single("YCbCr", (77, 128, 128)), (77, 77, 77)),
        (single("HSV", (0, 255, 200)), (200, 0, 0)),
        (single("HSV", (85, 255, 255)), (0, 255, 0)),
        (single("I", 65535), (255, 255, 255)),
        (single("F", 99.6), (100, 100, 100)),
    ],
    ids=lambda value: value.mode if isinstance(value, Image.Image) else None,
)
def test_an_opaque_mode_gives_its_colour_and_full_alpha(image: Image.Image, rgb: tuple[int, int, int]) -> None:
    assert row(image, 3) == [list(rgb)]
    assert row(image, 4) == [[*rgb, 255]]


def test_grey_is_the_luma_of_the_colour() -> None:
    assert row(single("RGB", COLOUR), 1) == [[LUMA]]
    assert row(single("CMYK", (55, 155, 205, 0)), 1) == [[LUMA]]
    assert row(single("L", 77), 1) == [[77]]


def test_lab_is_converted_through_its_profile() -> None:
    # L* = 100 · 128 / 255 and a* = b* = 0 (stored as 128) is the sRGB grey 119.4.
    neutral = single("LAB", (128, 128, 128))
    for channels in (1, 3):
        assert np.abs(to_pixels(neutral, channels).astype(int) - 119).max() <= 1
    assert row(neutral, 4)[0][3] == 255


def test_ycbcr_is_converted_as_in_jpeg() -> None:
    # R = Y + 1.402 (Cr - 128), G = Y - 0.344 (Cb - 128) - 0.714 (Cr - 128), B = Y + 1.772 (Cb - 128)
    expected = np.array([199.7, 99.9, 49.6])
    assert np.abs(to_pixels(single("YCbCr", (124, 86, 182)), 3)[0, 0] - expected).max() < 1


# 40 % alpha is 102: over white, v becomes 0.4 v + 153.
OVER_WHITE = [round(0.4 * value + 153) for value in COLOUR]


def test_rgba_is_laid_over_white_and_kept_with_its_alpha() -> None:
    image = single("RGBA", (*COLOUR, 102))
    assert row(image, 3) == [OVER_WHITE]
    assert row(image, 4) == [[*COLOUR, 102]]
    red, green, blue = OVER_WHITE
    assert row(image, 1) == [[round(0.299 * red + 0.587 * green + 0.114 * blue)]]


def test_premultiplied_rgba_is_divided_by_its_alpha() -> None:
    assert row(single("RGBa", (80, 40, 20, 102)), 4) == [[*COLOUR, 102]]
    assert row(single("RGBa", (80, 40, 20, 102)), 3) == [OVER_WHITE]


@pytest.mark.parametrize(("mode", "grey"), [("LA", 200), ("La", 80)])
def test_grey_with_alpha(mode: str, grey: int) -> None:
    image = single(mode, (grey, 102))
    assert row(image, 1) == [[233]]
    assert row(image, 3) == [[233, 233, 233]]
    assert row(image, 4) == [[200, 200, 200, 102]]


def test_laying_over_white_rounds_to_the_nearest() -> None:
    assert row(single("RGBA", (1, 0, 2, 128)), 3) == [[128, 127, 128]]  # 127.502, 127.0, 128.004


def test_invisible_pixels_are_white_whatever_their_colour() -> None:
    assert row(single("RGBA", (*COLOUR, 0)), 3) == [[255, 255, 255]]


def test_palette() -> None:
    assert row(palette(), 3) == [list(COLOUR), [0, 10, 20]]
    assert row(palette(), 4) == [[*COLOUR, 255], [0, 10, 20, 255]]


@pytest.mark.parametrize("transparency", [0, b"\x00\xff"], ids=["one entry", "every entry"])
def test_palette_with_a_transparent_entry(transparency: int | bytes) -> None:
    image = palette()
    image.info["transparency"] = transparency
    assert row(image, 3) == [[255, 255, 255], [0, 10, 20]]
    assert row(image, 4) == [[*COLOUR, 0], [0, 10, 20, 255]]


def test_palette_with_alpha_in_its_entries() -> None:
    assert row(palette("RGBA"), 4) == [[*COLOUR, 102], [0, 10, 20, 255]]
    assert row(palette("RGBA"), 3) == [OVER_WHITE, [0, 10, 20]]


def test_palette_with_an_alpha_channel() -> None:
    image = Image.new("PA", (1, 1), (0, 102))
    image.putpalette([200, 100, 50])
    assert row(image, 4) == [[*COLOUR, 102]]
    assert row(image, 3) == [OVER_WHITE]


def test_a_transparent_colour_of_rgb_and_of_grey() -> None:
    colour = single("RGB", COLOUR)
    colour.info["transparency"] = COLOUR
    assert row(colour, 4) == [[*COLOUR, 0]]
    assert row(colour, 3) == [[255, 255, 255]]
    grey = Image.new("L", (2, 1), 9)
    grey.putpixel((1, 0), 8)
    grey.info["transparency"] = 9
    assert row(grey, 1) == [[255], [8]]


def test_a_transparent_value_of_sixteen_bit_grey() -> None:
    image = Image.fromarray(np.array([[257, 258]], np.uint16))
    image.info["transparency"] = 257
    assert row(image, 4) == [[1, 1, 1, 0], [1, 1, 1, 255]]
    assert row(image, 3) == [[255, 255, 255], [1, 1, 1]]


WIDE = [0, 128, 129, 257, 32767, 65406, 65407, 65535]  # 255 v / 65535, to the nearest
NARROW = [0, 0, 1, 1, 127, 254, 255, 255]


@pytest.mark.parametrize(("mode", "order"), [("I;16", "<u2"), ("I;16L", "<u2"), ("I;16B", ">u2"), ("I", "=i4")])
def test_sixteen_bits_are_scaled_to_eight(mode: str, order: str) -> None:
    image = Image.frombytes(mode, (8, 1), np.array(WIDE).astype(order).tobytes())
    assert row(image, 1) == [[value] for value in NARROW]
    assert row(image, 3) == [[value] * 3 for value in NARROW]


def test_native_sixteen_bits() -> None:
    image = Image.new("I;16N", (1, 1), 65407)
    assert row(image, 1) == [[255]]


def test_values_outside_the_range_are_clipped() -> None:
    assert row(single("I", -5), 1) == [[0]]
    assert row(single("I", 70000), 1) == [[255]]
    assert row(single("F", -1.0), 1) == [[0]]
    assert row(single("F", 1e9), 1) == [[255]]
    assert row(single("F", float("nan")), 1) == [[0]]


def test_the_pixels_may_be_written_and_are_no_view_of_the_picture() -> None:
    image = single("RGB", COLOUR)
    pixels = to_pixels(image, 3)
    pixels[:] = 0
    assert image.getpixel((0, 0)) == COLOUR


def test_other_channel_counts_are_a_mistake_in_the_call() -> None:
    with pytest.raises(ValueError, match="1, 3 or 4"):
        to_pixels(single("L", 0), 2)
