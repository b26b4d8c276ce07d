"""Avatars drawn into a zip: the same pictures everywhere, with their licence, or nothing."""

from __future__ import annotations

from concurrent.futures.process import BrokenProcessPool
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from PIL import Image

from hitzoo.data import avatars, parallel_map
from hitzoo.data.check import check
from hitzoo.data.make import MakeReport, make_avatars
from hitzoo.errors import DataError, HitzooError, OutputError, RequestError
from hitzoo.releases import release_of

RELEASES = {"dicebear-core": "10.7.0", "dicebear-styles": "10.6.0", "resvg-py": "0.5.0"}


def members(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def made(path: Path, *, style: str = "critters", number: int = 3, **options: Any) -> MakeReport:
    return make_avatars(style, path, number=number, workers=1, **options)


def test_pictures_are_those_of_the_seed_texts_on_white(tmp_path: Path) -> None:
    report = made(tmp_path / "a.zip", resolution=32)
    found = members(tmp_path / "a.zip")
    assert list(found) == ["LICENSE.txt", *(f"00000/{index:08}.png" for index in range(3))]
    assert "licensed under „CC0 1.0”" in found["LICENSE.txt"].decode()
    with Image.open(BytesIO(found["00000/00000001.png"])) as image:
        assert (image.mode, image.size) == ("RGB", (32, 32))
    assert (report.license, report.number, report.size) == ("CC0 1.0", 3, (tmp_path / "a.zip").stat().st_size)


@pytest.mark.skipif(
    any(release_of(name) != release for name, release in RELEASES.items()), reason="other releases draw other pixels"
)
def test_pixels_of_the_first_critters(tmp_path: Path) -> None:
    made(tmp_path / "a.zip")
    pixels = b""
    for name, content in members(tmp_path / "a.zip").items():
        if name.endswith(".png"):
            with Image.open(BytesIO(content)) as image:
                pixels += image.tobytes()
    assert sha256(pixels).hexdigest() == "cc819cba89eaba03bab4c101bf00211d455176b828ecc561462f90d272877b5d"


def test_a_picture_is_the_same_in_every_file(tmp_path: Path) -> None:
    made(tmp_path / "first.zip", number=1003)
    made(tmp_path / "later.zip", first=998, number=4)
    first, later = members(tmp_path / "first.zip"), members(tmp_path / "later.zip")
    names = ["00000/00000998.png", "00000/00000999.png", "00001/00001000.png", "00001/00001001.png"]
    assert list(later) == ["LICENSE.txt", *names]
    assert all(first[name] == later[name] for name in names)
    assert len({first[name] for name in first}) == 1004


@pytest.mark.processes
def test_any_number_of_processes_makes_the_same_bytes(tmp_path: Path) -> None:
    made(tmp_path / "one.zip", number=40, resolution=16)
    make_avatars("critters", tmp_path / "two.zip", number=40, resolution=16, workers=2)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_what_is_there_stays(tmp_path: Path) -> None:
    out = tmp_path / "a.zip"
    made(out)
    before = out.read_bytes()
    made(out)
    with pytest.raises(OutputError, match=r"a\.zip exists already, without 00000/00000003\.png"):
        made(out, number=4)
    with pytest.raises(OutputError, match=r"a\.zip exists already, with 00000/00000002\.png besides"):
        made(out, number=2)
    with pytest.raises(OutputError, match=r"a\.zip exists already, with another 00000/00000000\.png"):
        made(out, style="personas")
    assert out.read_bytes() == before
    made(out, number=4, force=True)
    assert len(members(out)) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_training_reads_the_pictures_and_not_the_licence(tmp_path: Path) -> None:
    made(tmp_path / "a.zip", style="personas")
    report = check(str(tmp_path / "a.zip"))
    assert (report.readable, report.bad) == (3, ())
    assert str(report.ignored_files) == "1 LICENSE.txt"
    assert not report.ignored_files.is_worth_a_line


@pytest.mark.parametrize(
    ("out", "changes", "said"),
    [
        ("a.tar", {}, "must end in .zip"),
        ("a.zip", {"number": 0}, "number 0: give 1 to 10,000,000 pictures"),
        ("a.zip", {"first": -1}, "first -1: give 0 to 9,999,997; first and number are at most 10,000,000 together"),
        ("a.zip", {"first": 9_999_999}, "first 9999999: give 0 to"),
        ("a.zip", {"resolution": 0}, "resolution 0: give 1 to 13,377 pixels"),
        ("a.zip", {"style": "crittres"}, "style 'crittres': did you mean 'critters'?"),
        ("a.zip", {"style": "../x"}, "style '../x': DiceBear has critters, clay,"),
        ("a.zip", {"style": "q"}, "style 'q': DiceBear has"),
        ("a.zip", {"style": "initials"}, "style 'initials': its letters look different on every machine"),
    ],
)
def test_impossible_requests(tmp_path: Path, out: str, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError) as caught:
        made(tmp_path / out, **changes)
    assert said in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_too_many_workers(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="workers 2000: give 1 to 1,024"):
        make_avatars("critters", tmp_path / "a.zip", workers=2000)


def test_without_what_draws_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(avatars, "_PACKAGES", ("numpy", "no_such_package"))
    with pytest.raises(RequestError) as caught:
        made(tmp_path / "a.zip")
    assert str(caught.value) == "avatars are drawn by DiceBear and resvg: pip install 'hitzoo[avatars]'"


def test_a_worker_that_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise BrokenProcessPool

    monkeypatch.setattr(parallel_map, "parallel_map", broken)
    with pytest.raises(DataError, match="use fewer: --workers 1"):
        made(tmp_path / "a.zip")
    assert not list(tmp_path.iterdir())


def test_a_folder_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "a.zip").mkdir()
    with pytest.raises(HitzooError, match="it is a folder; give a file"):
        made(tmp_path / "a.zip")
