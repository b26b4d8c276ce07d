from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

import pytest
from PIL import Image

from hitzoo.data.check import check
from hitzoo.errors import DataError


def test_the_report_counts_every_image_by_what_it_is(tmp_path: Path) -> None:
    for name, mode, size in (("a.png", "RGB", (6, 4)), ("b.png", "LA", (5, 5)), ("c.jpg", "L", (6, 4))):
        Image.new(mode, size).save(tmp_path / name)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (9, 2)).save(tmp_path / "d.png", exif=exif)
    (tmp_path / "e.png").write_bytes(b"text")
    (tmp_path / "f.png").write_bytes((tmp_path / "a.png").read_bytes()[:-30])
    calls: list[tuple[int, int]] = []
    report = check(str(tmp_path), progress=lambda done, total: calls.append((done, total)))
    assert calls == [(done, 6) for done in range(1, 7)]
    assert (report.count, report.readable, report.non_square) == (6, 4, 3)
    assert [name for name, _ in report.bad] == ["e.png", "f.png"]
    assert "not a PNG" in report.bad[0][1]
    assert list(report.sizes.items()) == [((6, 4), 2), ((5, 5), 1), ((2, 9), 1)]
    assert (report.smallest, report.largest) == ((2, 4), (6, 9))
    assert report.modes == {"RGB": 2, "LA": 1, "L": 1}
    assert report.formats == {"PNG": 3, "JPEG": 1}


def test_the_report_as_json(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    Image.new("RGB", (6, 4)).save(tmp_path / "a.png")
    with ZipFile(path, "w") as file:
        file.write(tmp_path / "a.png", "a.png")
        file.writestr("b.png", b"")
    report = check(str(path)).to_json()
    assert json.loads(json.dumps(report)) == report
    assert report["location"] == str(path)
    assert [entry["name"] for entry in report["bad"]] == ["b.png"]
    assert (report["sizes"], report["smallest"], report["largest"]) == ({"6x4": 1}, [6, 4], [6, 4])
    assert (report["count"], report["readable"], report["non_square"]) == (2, 1, 1)


def test_nothing_readable(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    report = check(str(tmp_path))
    assert (report.readable, report.smallest, report.largest, report.sizes) == (0, None, None, {})
    assert report.to_json()["smallest"] is None


def test_synthetic_images_are_checked_at_the_resolution(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hitzoo.data.synthetic.Synthetic.__len__", lambda self: 3)
    report = check("synthetic", resolution=20)
    assert (report.count, report.sizes, report.bad) == (3, {(20, 20): 3}, ())


def test_a_place_that_is_no_source_is_raised(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder or file"):
        check(str(tmp_path / "gone"))
