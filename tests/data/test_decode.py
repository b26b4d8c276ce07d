from __future__ import annotations

import os
import signal
import time
import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from hitzoo.data import decode as decode_module
from hitzoo.data.decode import decode
from hitzoo.errors import UnreadableImage

ORIENTATION = 0x0112

# An upright 2 wide, 3 high picture, and how a camera stores it under each Exif orientation.
UPRIGHT = np.array([[10, 20], [30, 40], [50, 60]], np.uint8)
STORED = {
    1: UPRIGHT,
    2: UPRIGHT[:, ::-1],
    3: UPRIGHT[::-1, ::-1],
    4: UPRIGHT[::-1],
    5: UPRIGHT.T,
    6: np.rot90(UPRIGHT, 1),
    7: UPRIGHT[::-1, ::-1].T,
    8: np.rot90(UPRIGHT, -1),
}


def noise(width: int = 64, height: int = 64) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def reason(content: bytes) -> str:
    with pytest.raises(UnreadableImage) as caught:
        decode(BytesIO(content), "a/b.png")
    assert caught.value.name == "a/b.png"
    assert str(caught.value).startswith("a/b.png: not a readable image (")
    return caught.value.reason


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_the_picture_is_turned_as_exif_says(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation])).convert("RGB")
    options: dict[str, object] = {"lossless": True} if kind == "WEBP" else {}
    image = decode(BytesIO(encoded(stored, kind, exif=exif, **options)), "x")
    assert np.asarray(image)[:, :, 0].tolist() == UPRIGHT.tolist()
    assert ORIENTATION not in image.getexif()  # so that nothing downstream turns it again


def test_jpeg_is_turned_too() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    image = decode(BytesIO(encoded(Image.new("RGB", (40, 20)), "JPEG", exif=exif)), "x")
    assert image.size == (20, 40)
    assert image.format == "JPEG"


@pytest.mark.parametrize("exif", [b"Exif\0\0nonsense", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0"])
def test_a_damaged_exif_block_does_not_lose_the_picture(exif: bytes) -> None:
    content = encoded(noise(), "JPEG", exif=exif)
    assert decode(BytesIO(content), "x").size == (64, 64)


def test_an_impossible_orientation_is_ignored() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 99
    assert decode(BytesIO(encoded(Image.new("L", (3, 2)), "PNG", exif=exif)), "x").size == (3, 2)


def test_the_first_frame_of_an_animation(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ((255, 0, 0), (0, 255, 0))]
    for kind, options in (("GIF", {}), ("PNG", {}), ("WEBP", {"lossless": True})):
        content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        assert decode(BytesIO(content), "x").convert("RGB").getpixel((4, 4)) == (255, 0, 0)


def test_the_mode_and_the_transparent_colour_stay() -> None:
    image = decode(BytesIO(encoded(Image.new("RGB", (2, 2), (1, 2, 3)), "PNG", transparency=(1, 2, 3))), "x")
    assert image.mode == "RGB"
    assert image.info == {"transparency": (1, 2, 3)}


def test_the_picture_outlives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    noise().save(path)
    image = decode(path, "x.png")
    path.unlink()
    assert np.array_equal(np.asarray(image), np.asarray(noise()))


def test_an_ending_that_lies_about_the_format_is_harmless(tmp_path: Path) -> None:
    path = tmp_path / "really-a-jpeg.png"
    noise().save(path, "JPEG")
    assert decode(path, path.name).format == "JPEG"


@pytest.mark.parametrize("content", [b"", b"this is text", b"\x89PNG", b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_what_is_no_picture(content: bytes) -> None:
    assert "not an image in a readable format" in reason(content)


@pytest.mark.parametrize("kind", ["PPM", "EPS"])
def test_formats_that_nobody_trains_on_stay_closed(kind: str) -> None:
    assert "not an image in a readable format" in reason(encoded(noise(), kind))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_cut_file(kind: str) -> None:
    content = encoded(noise(), kind)
    assert reason(content[: len(content) // 2])


def test_a_png_damaged_anywhere_is_refused_or_read_never_a_crash() -> None:
    content = encoded(noise(16, 16), "PNG")
    refused = 0
    for place in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[place] ^= 0x5A
        try:
            decode(BytesIO(bytes(damaged)), "x")
        except UnreadableImage:
            refused += 1
    assert refused > 0.9 * len(range(0, len(content), 3))


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF", "BMP"])
def test_no_damage_raises_anything_else(kind: str) -> None:
    content = encoded(noise(16, 16), kind)
    random = np.random.default_rng(1)
    outcomes: set[type] = set()
    for _ in range(300):
        damaged = np.frombuffer(content, np.uint8).copy()
        damaged[random.integers(0, min(len(damaged), 200), 4)] = random.integers(0, 256, 4)
        try:
            outcomes.add(type(decode(BytesIO(damaged.tobytes()), "x")))
        except UnreadableImage as error:
            outcomes.add(type(error))
    assert outcomes == {Image.Image, UnreadableImage}


def test_a_missing_file_names_itself(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage, match=r"gone\.png: .*No such file"):
        decode(tmp_path / "gone.png", "gone.png")


def test_running_out_of_memory_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    content = encoded(noise(), "PNG")
    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    assert reason(content) == "not enough memory to decode it"


def test_large_pictures_are_read_in_silence_and_huge_ones_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(Image.new("L", (100, 150)), "PNG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert decode(BytesIO(content), "x").size == (100, 150)
    assert said == []
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5_000)
    assert "too many pixels" in reason(content)


def test_the_settings_of_pillow_and_the_warning_filters_stay() -> None:
    before = (ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS, list(warnings.filters))
    decode(BytesIO(encoded(noise(), "JPEG")), "x")
    assert (ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS, list(warnings.filters)) == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_worker_that_was_forked_while_the_lock_was_held_has_its_own() -> None:
    content = encoded(noise(), "PNG")
    with decode_module._quiet_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 on a fork beside other tests' threads
        child = os.fork()
        if child == 0:  # a lock of the parent's would be waited for without end
            code = 1
            try:
                code = 0 if decode(BytesIO(content), "x").size == (64, 64) else 2
            finally:
                os._exit(code)
    deadline = time.monotonic() + 20
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0) and time.monotonic() < deadline:
        time.sleep(0.01)
    if ended == (0, 0):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert ended == (child, 0)
