from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

import pytest
from PIL import Image

from hitzoo.data.check import check
from hitzoo.errors import DataError, RequestError


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
    assert "not an image in a readable format" in report.bad[0][1]
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


def test_the_report_says_sides_aspects_and_what_fits(tmp_path: Path) -> None:
    for number, size in enumerate([(40, 40), (70, 90), (300, 150), (8, 8), (4, 900)]):
        Image.new("RGB", size, (number, 0, 0)).save(tmp_path / f"{number}.png")
    report = check(str(tmp_path), resolution=64)
    assert report.shorter_sides == {4: 1, 8: 1, 40: 1, 70: 1, 150: 1}
    assert (report.median_side, report.aspects) == (40, (4 / 900, 2.0))
    assert [(fit.resolution, fit.specs[0], fit.smaller) for fit in report.fits] == [(32, "hit-ti-shapes32", 2)]
    few, tiny, long, small = report.remarks
    assert few.startswith("5 images are few")
    assert tiny == "2 images are under 16 pixels wide or high (such as 8×8)"
    assert long.startswith("1 image is more than 4 times as long as wide (such as 4×900)")
    assert small == "3 images are smaller than 64×64 and would be enlarged"
    data = report.to_json()
    assert data["shorter_side"] == {"smallest": 4, "median": 40, "largest": 150}
    assert (data["aspect"], data["fits"][0]["spec"]) == ([0.0044, 2.0], "hit-ti-shapes32")
    assert data["remarks"] == report.remarks


def test_larger_specs_come_first_and_variants_last(tmp_path: Path) -> None:
    Image.new("RGB", (300, 256)).save(tmp_path / "a.png")
    fits = check(str(tmp_path)).fits
    assert [fit.resolution for fit in fits] == [256, 128, 64, 48, 32]
    assert [fit.specs[0] for fit in fits] == [
        "hit-b-ffhq256", "hit-imagenet128", "hit-ti-64", "transgan-stl10", "hit-ti-shapes32",
    ]  # fmt: skip


def test_exact_copies_are_found_by_what_they_show(tmp_path: Path) -> None:
    for name, colour in (("a.png", 1), ("b.bmp", 1), ("c.png", 2), ("d.tif", 1)):
        Image.new("RGB", (9, 9), (colour, 0, 0)).save(tmp_path / name)
    palette = Image.new("P", (9, 9))
    palette.putpalette([1, 0, 0])
    palette.save(tmp_path / "e.png")
    palette.putpalette([2, 0, 0])
    palette.save(tmp_path / "f.png")
    report = check(str(tmp_path))
    assert report.copies == (("b.bmp", "a.png"), ("d.tif", "a.png"))
    assert report.remarks[-1] == "2 images are exact copies of others"


def test_one_image_is_remarked(tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    assert check(str(tmp_path)).remarks == [
        "there is only one image: a network trained on it can reproduce nothing else"
    ]


def test_of_animated_pictures_the_first_frame_is_taken_and_told(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (16, 16), (value, 0, 0)) for value in (0, 250)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "b.webp", save_all=True, append_images=frames[1:], lossless=True)
    frames[0].save(tmp_path / "c.gif")
    report = check(str(tmp_path))
    assert (report.readable, report.animated, report.to_json()["animated"]) == (3, 2, 2)


@pytest.mark.parametrize("resolution", [0, 13_378, 3_000_000, 10**5000], ids=["0", "next", "large", "huge"])
def test_a_side_that_no_image_has(resolution: int) -> None:
    with pytest.raises(RequestError, match=r"give 1 to 13,377 pixels") as caught:
        check("synthetic", resolution=resolution)
    assert len(str(caught.value)) < 100
