"""Checking, packing, training and evaluating read images in one way, and agree on what cannot be read."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from hitzoo.data.check import check
from hitzoo.data.decode import decode
from hitzoo.data.folder import Folder
from hitzoo.data.pack import Square, pack
from hitzoo.data.pixels import Pixels
from hitzoo.data.square import read_square
from hitzoo.errors import DataError, RequestError, UnreadableImage
from hitzoo.evaluation.pictures import StoredImages
from hitzoo.spec.types import DataSpec
from hitzoo.training.engine.stream import TrainingStream


class Failing:
    """Three images, the second of which raises something in the middle of decoding."""

    location = "failing"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __len__(self) -> int:
        return 3

    def label(self, index: int) -> str:
        return f"{index}.png"

    def read(self, index: int) -> Image.Image:
        if index == 1:
            raise self.error
        return Image.new("RGB", (9, 9), (index, 0, 0))

    def fingerprint(self) -> str:
        return "failing"


RAISED = [
    MemoryError(),
    ValueError("palette index out of range"),
    struct.error("unpack requires a buffer of 4 bytes"),
    OSError("broken data stream"),
    Image.DecompressionBombError("too many"),
    RecursionError("maximum recursion depth exceeded"),
    zlib.error("Error -3 while decompressing data"),
    SyntaxError("broken PNG file"),
    KeyError("mode"),
]


def squared(source: object, index: int) -> Pixels:
    square = {"resolution": 8, "channels": 3, "crop": "center", "crop_fraction": 1.0}
    return read_square(source, index, **square, flip=False, random=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_whatever_goes_wrong_with_an_image_is_that_image(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Failing(error)
    with pytest.raises(UnreadableImage, match=r"1\.png: not a readable image \(.+\)") as caught:
        squared(source, 1)
    assert "\n" not in str(caught.value)
    monkeypatch.setattr("hitzoo.data.check.open_source", lambda *_, **__: source)
    assert [name for name, _ in check("failing").bad] == ["1.png"]
    skip, stop = (DataSpec(source="failing", on_error=word) for word in ("skip", "stop"))  # type: ignore[arg-type]
    stream = TrainingStream(source, skip, 8, seed=0)
    unreadable = {error.name for position in range(3) for error in stream[position][1]}
    assert unreadable == {"1.png"}
    with pytest.raises(DataError, match=r"1\.png"):
        [TrainingStream(source, stop, 8, seed=0)[position] for position in range(3)]
    stored = StoredImages(source, skip, 8)
    assert stored.read(range(3)).shape == (2, 8, 8, 3)
    assert stored.unreadable == ["1.png"]
    with pytest.raises(DataError, match=r"1\.png"):
        StoredImages(source, stop, 8).read(range(3))


def test_pack_leaves_out_what_fails_after_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Failing(MemoryError())
    monkeypatch.setattr("hitzoo.data.pack.open_source", lambda *_, **__: source)
    report = pack("failing", tmp_path / "p.zip", Square(resolution=8), workers=1, on_error="skip")
    assert (report.packed, report.skipped) == (2, (("1.png", "not enough memory to decode it"),))


@pytest.mark.parametrize("error", [DataError("the zip file has gone"), RequestError("not square")])
def test_what_concerns_the_whole_source_is_no_image(error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)):
        squared(Failing(error), 1)
    stream = TrainingStream(Failing(error), DataSpec(source="failing", on_error="skip"), 8, seed=0)
    with pytest.raises(type(error), match=str(error)):
        for position in range(3):
            stream[position]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def palette_png(alphas: int) -> bytes:
    """8×8 pixels of the first colour, red, with so many alphas of 0."""
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 3, 0, 0, 0))
    png += chunk(b"PLTE", bytes([255, 0, 0, *range(9)])) + chunk(b"tRNS", bytes(alphas))
    return png + chunk(b"IDAT", zlib.compress((b"\0" + bytes(8)) * 8)) + chunk(b"IEND", b"")


def test_more_alphas_than_any_palette_has_are_ignored_as_viewers_do(tmp_path: Path) -> None:
    (tmp_path / "odd.png").write_bytes(palette_png(257))
    (tmp_path / "clear.png").write_bytes(palette_png(4))
    folder = Folder(str(tmp_path))
    assert np.unique(squared(folder, 0)).tolist() == [255]  # transparent, over white
    assert np.unique(squared(folder, 1).reshape(-1, 3), axis=0).tolist() == [[255, 0, 0]]
    assert check(str(tmp_path)).bad == ()


def noted_png(kind: str) -> bytes:
    notes, stream = PngImagePlugin.PngInfo(), BytesIO()
    if kind == "zTXt":
        notes.add_text("workflow", "x" * (2 << 20), zip=True)
    elif kind == "iTXt":
        notes.add_itxt("workflow", "x" * (2 << 20), zip=True)
    elif kind == "many":
        for number in range(70):
            notes.add_text(f"k{number}", "x" * 1_000_000, zip=True)
    profile = bytes(2 << 20) if kind == "iCCP" else None
    Image.new("RGB", (6, 4), (7, 8, 9)).save(stream, "PNG", pnginfo=notes, icc_profile=profile)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["zTXt", "iTXt", "many", "iCCP"])
def test_notes_too_large_to_unpack_are_left_out(kind: str, tmp_path: Path) -> None:
    content = noted_png(kind)
    before = PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY
    (tmp_path / "a.png").write_bytes(content)
    with ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("a.png", content)
    for source in (tmp_path / "a.png", BytesIO(content)):
        assert decode(source, "a.png").getpixel((0, 0)) == (7, 8, 9)
    assert (check(str(tmp_path / "a.zip")).readable, check(str(tmp_path)).readable) == (1, 1)
    assert before == (PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY)


def test_a_damaged_picture_with_large_notes_stays_unreadable() -> None:
    content = bytearray(noted_png("zTXt"))
    content[content.index(b"IDAT") + 8] ^= 0xFF
    with pytest.raises(UnreadableImage):
        decode(BytesIO(bytes(content)), "a.png")
