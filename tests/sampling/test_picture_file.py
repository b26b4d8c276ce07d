"""Picture files in three formats, each saying what made it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hitzoo.errors import RequestError
from hitzoo.sampling.picture_file import FORMATS, check_possible, format_named, read_facts, save_picture

FACTS = {"Software": "hitzoo 1", "hitzoo:model": "größe", "hitzoo:seed": "7"}
KINDS = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("channels", [1, 3])
def test_picture_comes_back_with_what_made_it(tmp_path: Path, format: str, channels: int) -> None:
    pixels = np.full((16, 24, channels), 90, np.uint8)
    pixels[:, 12:] = 200
    path = tmp_path / "deep" / f"a{FORMATS[format]}"
    save_picture(path, pixels, FACTS, format=format)
    with Image.open(path) as picture:
        assert (picture.format, picture.size) == (KINDS[format], (24, 16))
        found = np.asarray(picture.convert("L" if channels == 1 else "RGB")).reshape(pixels.shape)
    assert np.abs(found.astype(int) - pixels).max() <= (0 if format == "png" else 12)
    assert read_facts(path) == {key: value for key, value in FACTS.items() if key != "Software"}
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("format", ["png", "webp"])
def test_transparency_stays(tmp_path: Path, format: str) -> None:
    pixels = np.full((4, 4, 4), 100, np.uint8)
    save_picture(tmp_path / f"a.{format}", pixels, FACTS, format=format)
    with Image.open(tmp_path / f"a.{format}") as picture:
        assert picture.mode == "RGBA"
        assert (np.asarray(picture)[..., 3] == 100).all()


def test_quality_is_heard(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    for format in ("jpg", "webp"):
        for quality in (10, 90):
            save_picture(tmp_path / f"{quality}.{format}", pixels, FACTS, format=format, quality=quality)
        small, large = ((tmp_path / f"{quality}.{format}").stat().st_size for quality in (10, 90))
        assert small < large / 2


def test_long_facts_fit_into_a_jpeg(tmp_path: Path) -> None:
    save_picture(tmp_path / "a.jpg", np.zeros((8, 8, 3), np.uint8), {"hitzoo:seeds": "12345678," * 9000}, format="jpg")
    with Image.open(tmp_path / "a.jpg") as picture:
        assert picture.size == (8, 8)


@pytest.mark.parametrize("content", [b"", b"mine", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".txt"])
def test_file_that_is_no_picture_says_nothing(tmp_path: Path, content: bytes, suffix: str) -> None:
    (tmp_path / f"a{suffix}").write_bytes(content)
    assert read_facts(tmp_path / f"a{suffix}") == {}


def test_formats_by_their_words() -> None:
    assert [format_named(word) for word in ("png", "JPEG", ".jpg", "WebP")] == ["png", "jpg", "jpg", "webp"]
    for word in ("gif", "", "png "):
        with pytest.raises(RequestError, match="possible: png, jpg, webp"):
            format_named(word)


def test_what_a_format_cannot_hold_is_said() -> None:
    check_possible("png", 100_000, 100_000, 4)
    with pytest.raises(RequestError, match="webp holds at most 16,383 a side"):
        check_possible("webp", 20_000, 8, 3)
    with pytest.raises(RequestError, match="holds no transparency"):
        check_possible("jpg", 8, 8, 4)
