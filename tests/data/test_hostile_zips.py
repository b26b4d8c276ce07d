"""Zip files made to do harm: each is read or refused in words, within bounds, and nothing is written anywhere."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np
import pytest
from PIL import Image

from hitzoo.data.check import check
from hitzoo.errors import DataError

_LIST, _LOCAL, _END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"


def picture() -> bytes:
    stream = BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def zipped(*names: str, content: bytes | None = None, compression: int = ZIP_DEFLATED) -> bytearray:
    """A zip file of one picture under each name."""
    stream = BytesIO()
    with ZipFile(stream, "w", compression) as file:
        for name in names:
            file.writestr(ZipInfo(name), picture() if content is None else content, compression)
    return bytearray(stream.getvalue())


def with_field(signature: bytes, offset: int, form: str, value: int) -> bytearray:
    """A zip file of a.png and b.png with a field of the first header of this kind changed."""
    content = zipped("a.png", "b.png")
    struct.pack_into(form, content, content.index(signature) + offset, value)
    return content


def in_front(count: int) -> bytearray:
    return bytearray(count) + zipped("a.png")


def link() -> bytearray:
    stream = BytesIO()
    with ZipFile(stream, "w") as file:
        member = ZipInfo("a.png")
        member.create_system, member.external_attr = 3, 0o120777 << 16
        file.writestr(member, "/etc/passwd")
    return bytearray(stream.getvalue())


def overlapping() -> bytearray:
    """Both entries of the list point at one member."""
    content = zipped("a.png", "b.png", compression=ZIP_STORED)
    second = content.rindex(_LIST)
    struct.pack_into("<I", content, second + 42, 0)
    return content


HOSTILE: dict[str, Callable[[], bytearray]] = {
    "climbing names": lambda: zipped("../../../../tmp/a.png", "..\\..\\b.png", "/etc/c.png", "C:\\d.png"),
    "a name of a zero byte": lambda: zipped("a.png\0.txt"),
    "a name of escapes": lambda: zipped("a\x1b]0;x\x07\nb.png"),
    "a long name": lambda: zipped("a" * 60_000 + ".png"),
    "a deep name": lambda: zipped("d/" * 30_000 + "a.png"),
    "nothing but dots": lambda: zipped("....png", "...", "./../.png"),
    "a link": link,
    "zeros": lambda: zipped("a.png", content=bytes(80 << 20)),
    "a signature and zeros": lambda: zipped("a.png", content=b"\x89PNG\r\n\x1a\n" + bytes(80 << 20)),
    "a zip in a picture's name": lambda: zipped("a.png", content=bytes(zipped("b.png"))),
    "entries that overlap": overlapping,
    "encrypted": lambda: with_field(_LIST, 8, "<H", 1),
    "a strange compression": lambda: with_field(_LIST, 10, "<H", 97),
    "a wrong checksum": lambda: with_field(_LIST, 16, "<I", 0x12345678),
    "a packed size too large": lambda: with_field(_LIST, 20, "<I", 1 << 30),
    "a packed size of nothing": lambda: with_field(_LIST, 20, "<I", 0),
    "a size too large": lambda: with_field(_LIST, 24, "<I", 1 << 29),
    "a size beyond all": lambda: with_field(_LIST, 24, "<I", 0xFFFFFFFE),
    "a size of nothing": lambda: with_field(_LIST, 24, "<I", 0),
    "the size of Zip64 without it": lambda: with_field(_LIST, 24, "<I", 0xFFFFFFFF),
    "a place after the end": lambda: with_field(_LIST, 42, "<I", 1 << 30),
    "a name longer than the file": lambda: with_field(_LIST, 28, "<H", 0xFFFF),
    "a note longer than the file": lambda: with_field(_LIST, 32, "<H", 0xFFFF),
    "another local name": lambda: with_field(_LOCAL, 30, "<B", ord("z")),
    "a local header that is none": lambda: with_field(_LOCAL, 0, "<I", 0),
    "a version of the future": lambda: with_field(_LIST, 6, "<H", 99),
    "a count too large": lambda: with_field(_END, 10, "<H", 0xFFFE),
    "a list of no size": lambda: with_field(_END, 12, "<I", 0),
    "a list beyond the end": lambda: with_field(_END, 16, "<I", 1 << 30),
    "something in front": lambda: in_front(1000),
    "only an end": lambda: bytearray(_END + bytes(18)),
    "nothing": bytearray,
}


@pytest.fixture
def bounded() -> Iterator[None]:
    """Python and NumPy take at most 64 MiB meanwhile, far below what the files unpack to."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_zip_file_is_read_or_refused(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = tmp_path / "in" / "x.zip"
    path.parent.mkdir()
    path.write_bytes(HOSTILE[kind]())
    request.getfixturevalue("bounded")
    try:
        report = check(str(path))
        told = report.readable + len(report.bad) == report.count
    except DataError as error:
        told = str(path) in str(error)
    assert told
    assert sorted(place.name for place in tmp_path.rglob("*")) == ["in", "x.zip"]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("zeros", "zip bomb"),
        ("a signature and zeros", "zip bomb"),
        ("a link", "not an image in a readable format"),
        ("encrypted", "encrypted"),
    ],
)
def test_the_reason_is_told(kind: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(HOSTILE[kind]())
    assert reason in check(str(tmp_path / "x.zip")).bad[0][1]
