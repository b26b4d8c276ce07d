"""Packing by several processes, or by one that goes on where another was ended."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hitzoo.data import pack_parts
from hitzoo.data.encoding import images_at_once
from hitzoo.data.pack import PackReport, Square, pack
from hitzoo.errors import DataError, OutputError
from tests.threads_as_processes import together

COUNT, OF_A_PART = 23, 4
SQUARE = Square(resolution=8)


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_parts, "images_at_once", lambda resolution: 2)
    monkeypatch.setattr(pack_parts, "_SENDINGS", OF_A_PART // 2)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(COUNT):
        Image.fromarray(random.integers(0, 256, (9, 9, 3), np.uint8)).save(folder / f"{number:02}.png")
    return folder


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of the images that are encoded for parts."""
    real, made = pack_parts.encoded, []

    def watched(source: object, square: Square, parts: list[range], workers: int | None) -> object:
        made.extend(index for part in parts for index in part)
        return real(source, square, parts, workers)

    monkeypatch.setattr(pack_parts, "encoded", watched)
    return made


def by(processes: int, source: Path, out: Path, **options: object) -> PackReport:
    if processes == 1:
        report = pack(str(source), out, SQUARE, workers=1, **options)
    else:
        report, *others = together(
            processes, lambda world: pack(str(source), out, SQUARE, workers=1, processes=world, **options)
        )
        assert others == [None] * (processes - 1)
    assert report is not None
    return report


@pytest.mark.parametrize("processes", [1, 2, 3, 8])
@pytest.mark.parametrize("bad", [(), (0, 5, 22)])
def test_parts_make_the_file_that_packing_at_once_makes(
    source: Path, encoded: list[int], tmp_path: Path, processes: int, bad: tuple[int, ...]
) -> None:
    for number in bad:
        (source / f"{number:02}.png").write_bytes(b"no picture")
    expected = by(1, source, tmp_path / "once.zip", on_error="skip")
    assert encoded == []
    heard: list[tuple[int, int]] = []
    report = by(
        processes, source, tmp_path / "p.zip", on_error="skip", resume=True, progress=lambda *state: heard.append(state)
    )
    assert sorted(encoded) == list(range(COUNT))
    assert (tmp_path / "p.zip").read_bytes() == (tmp_path / "once.zip").read_bytes()
    assert (report.packed, report.skipped, report.size) == (expected.packed, expected.skipped, expected.size)
    assert max(heard) == (COUNT, COUNT)
    assert {path.name for path in tmp_path.iterdir()} == {"pictures", "once.zip", "p.zip"}


@pytest.mark.parametrize("processes", [1, 2])
def test_finished_parts_are_not_made_again(source: Path, encoded: list[int], tmp_path: Path, processes: int) -> None:
    (source / "10.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"10\.png: not a readable image"):
        by(processes, source, tmp_path / "p.zip", resume=True)
    seen = (source / "10.png").stat()
    os.utime(source / "10.png", ns=(0, 0))
    assert not (tmp_path / "p.zip").exists()
    parts = tmp_path / "p.zip.parts"
    (parts / ".000003.zip.0123abcd.tmp").write_bytes(b"left by a process that was killed")
    with pytest.raises(OutputError, match="holds parts of other images or settings; force=True begins anew"):
        by(processes, source, tmp_path / "p.zip", resume=True)
    os.utime(source / "10.png", ns=(seen.st_atime_ns, seen.st_mtime_ns))
    encoded.clear()
    with pytest.raises(DataError, match=r"10\.png: not a readable image"):
        by(processes, source, tmp_path / "p.zip", resume=True)
    assert 0 not in encoded
    assert not list(parts.glob(".*"))
    encoded.clear()
    report = by(processes, source, tmp_path / "p.zip", resume=True, on_error="skip")
    assert {8, 9, 10, 11} <= set(encoded)
    assert not set(encoded) & {0, 1, 2, 3}
    assert report.packed == COUNT - 1
    assert not parts.exists()


def test_parts_of_another_run_are_named(source: Path, tmp_path: Path) -> None:
    parts = tmp_path / "p.zip.parts"
    parts.mkdir()
    refused = [
        (lambda: by(2, source, tmp_path / "p.zip"), "of an unfinished packing; resume=True goes on with them"),
        (lambda: by(1, source, tmp_path / "p.zip", resume=True), "of other images or settings; force=True begins"),
    ]
    for make, said in refused:
        with pytest.raises(OutputError, match=said):
            make()
    assert by(2, source, tmp_path / "p.zip", force=True).packed == COUNT
    assert not parts.exists()


@pytest.mark.parametrize("processes", [1, 2])
def test_what_is_packed_already_is_not_packed_again(
    source: Path, encoded: list[int], tmp_path: Path, processes: int
) -> None:
    first = by(1, source, tmp_path / "p.zip")
    before = (tmp_path / "p.zip").stat()
    again = by(processes, source, tmp_path / "p.zip", resume=True)
    assert encoded == []
    assert again == first
    after = (tmp_path / "p.zip").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    Image.new("RGB", (9, 9)).save(source / "00.png")
    with pytest.raises(OutputError, match=r"p\.zip exists already, with other images"):
        by(processes, source, tmp_path / "p.zip", resume=True)
    (source / "22.png").unlink()
    with pytest.raises(OutputError, match=r"p\.zip exists already, with other images"):
        by(processes, source, tmp_path / "p.zip", resume=True)
    assert encoded == []


def test_damaged_part_is_named(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., None] = pack_parts.Parts.make

    def damaging(self: pack_parts.Parts, *words: object, **options: object) -> None:
        real(self, *words, **options)
        part = self.folder / "000002.zip"
        part.write_bytes(part.read_bytes()[:-30])

    monkeypatch.setattr(pack_parts.Parts, "make", damaging)
    with pytest.raises(DataError, match=r"000002\.zip is missing or damaged .*; remove it and go on with --resume"):
        by(1, source, tmp_path / "p.zip", resume=True)
    assert not (tmp_path / "p.zip").exists()


def test_fewer_large_images_are_sent_together() -> None:
    assert [images_at_once(side) for side in (32, 256, 512, 1024, 2048)] == [16, 16, 4, 1, 1]
