from __future__ import annotations

import json
import os
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from hitzoo.data import packed, parallel_map
from hitzoo.data.open import open_source
from hitzoo.data.pack import PackReport, Square, pack
from hitzoo.data.parallel_map import enough_processes
from hitzoo.data.transform import prepare
from hitzoo.errors import DataError, HitzooError, OutputError, RequestError
from tests.data.record_writer import noise, raw_picture, write_records

COUNT = 40


@pytest.fixture
def pictures(tmp_path: Path) -> str:
    """Of several sizes and modes, so that every step of the preparation has something to do."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(COUNT):
        height, width = random.integers(4, 40, 2)
        pixels = random.integers(0, 256, (height, width, 4), np.uint8)
        image = Image.fromarray(pixels)
        image.convert(("RGBA", "RGB", "L", "P")[number % 4]).save(folder / f"{number:02}.png")
    return str(folder)


def prepared(location: str, square: Square, **changes: Any) -> list[NDArray[np.uint8]]:
    source = open_source(location, resolution=square.resolution)
    settings: dict[str, Any] = {"crop": square.crop, "crop_fraction": square.crop_fraction} | changes
    return [
        prepare(
            source.read(index),
            resolution=square.resolution,
            channels=square.channels,
            flip=True,
            random=None,
            **settings,
        )
        for index in range(len(source))
    ]


def names(path: Path) -> list[str]:
    with ZipFile(path) as file:
        return file.namelist()


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"pictures"}


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(("crop", "fraction"), [("center", 1.0), ("center", 0.7), ("none", 1.0)])
def test_training_sees_the_pixels_that_it_would_make_of_the_source(
    pictures: str, tmp_path: Path, channels: int, crop: str, fraction: float
) -> None:
    square = Square(resolution=12, channels=channels, crop=crop, crop_fraction=fraction)
    pack(pictures, tmp_path / "p.zip", square, workers=1)
    packed = prepared(str(tmp_path / "p.zip"), square, crop="center", crop_fraction=1.0)
    assert len(packed) == COUNT
    assert all(map(np.array_equal, packed, prepared(pictures, square)))
    assert not all(map(np.array_equal, packed, reversed(packed)))


def test_the_layout_is_nvidias(pictures: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = pack(pictures, tmp_path / "p.zip", Square(resolution=8), workers=1)
    path = tmp_path / "p.zip"
    assert report == PackReport(pictures, str(path), COUNT, path.stat().st_size, Square(resolution=8), ())
    assert names(path) == [*(f"00000/img{number:08}.png" for number in range(COUNT)), "dataset.json"]
    with ZipFile(path) as file:
        assert json.loads(file.read("dataset.json")) == {"labels": None}
        assert {info.compress_type for info in file.infolist()} == {ZIP_STORED}
        assert {info.external_attr >> 16 for info in file.infolist()} == {0o644}
        assert {info.date_time for info in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert file.testzip() is None
    assert packed.image_name(1_234_567) == "01234/img01234567.png"


def test_more_than_a_thousand_images_are_spread_over_folders(tmp_path: Path) -> None:
    path = write_records(tmp_path / "a.tfrecords", [raw_picture(noise(0, 2))] * 1001)
    pack(str(path), tmp_path / "p.zip", Square(resolution=2), workers=1)
    assert names(tmp_path / "p.zip")[999:1001] == ["00000/img00000999.png", "00001/img00001000.png"]


@pytest.mark.processes
def test_the_same_bytes_whatever_the_number_of_workers_and_the_hour(pictures: str, tmp_path: Path) -> None:
    contents = []
    for workers in (1, 2, None):
        out = tmp_path / f"{workers}.zip"
        pack(pictures, out, Square(resolution=8), workers=workers)
        contents.append(out.read_bytes())
        for path in Path(pictures).iterdir():
            os.utime(path, ns=(len(contents), len(contents)))
    assert len(set(contents)) == 1


def test_records_are_packed_from_the_size_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "ffhq").mkdir()
    for power in (2, 3):
        write_records(
            tmp_path / "ffhq" / f"x-r{power:02}.tfrecords", [raw_picture(noise(n, 1 << power)) for n in (0, 1)]
        )
    pack(str(tmp_path / "ffhq"), tmp_path / "p.zip", Square(resolution=8))
    images = prepared(str(tmp_path / "p.zip"), Square(resolution=8))
    assert all(np.array_equal(image, noise(n, 8).transpose(1, 2, 0)) for n, image in enumerate(images))


@pytest.fixture
def damaged(pictures: str) -> str:
    for name in ("07.png", "31.png"):
        path = Path(pictures) / name
        path.write_bytes(path.read_bytes()[:60])
    return pictures


@pytest.mark.processes
@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_unreadable_is_left_out_and_named(damaged: str, tmp_path: Path, workers: int) -> None:
    calls: list[tuple[int, int]] = []
    report = pack(
        damaged,
        tmp_path / "p.zip",
        Square(resolution=8),
        workers=workers,
        on_error="skip",
        progress=lambda done, total: calls.append((done, total)),
    )
    assert (report.packed, [name for name, _ in report.skipped]) == (COUNT - 2, ["07.png", "31.png"])
    assert calls == [(done, COUNT) for done in range(1, COUNT + 1)]
    assert names(tmp_path / "p.zip")[-2:] == [f"00000/img{COUNT - 3:08}.png", "dataset.json"]
    assert json.loads(json.dumps(report.to_json()))["skipped"][1]["name"] == "31.png"
    Path(damaged, "07.png").unlink()
    Path(damaged, "31.png").unlink()
    pack(damaged, tmp_path / "q.zip", Square(resolution=8), workers=1)
    assert (tmp_path / "q.zip").read_bytes() == (tmp_path / "p.zip").read_bytes()


@pytest.mark.processes
@pytest.mark.parametrize("workers", [1, 2])
def test_or_it_stops_there_and_leaves_nothing(damaged: str, tmp_path: Path, workers: int) -> None:
    with pytest.raises(DataError, match=r"07\.png: not a readable image .*--on-error skip"):
        pack(damaged, tmp_path / "new" / "p.zip", Square(resolution=8), workers=workers)
    assert left(tmp_path) == set()


def test_nothing_readable_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").write_bytes(b"")
    with pytest.raises(DataError, match="none of its images"):
        pack(str(tmp_path / "pictures"), tmp_path / "p.zip", Square(resolution=8), on_error="skip")
    assert left(tmp_path) == set()


@pytest.mark.processes
def test_an_interrupt_leaves_nothing(pictures: str, tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack(pictures, tmp_path / "p.zip", Square(resolution=8), workers=2, progress=interrupt)
    assert left(tmp_path) == set()


def test_a_worker_that_is_killed_is_said_so(pictures: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> Any:
        yield [b"x"]
        raise BrokenProcessPool

    monkeypatch.setattr(parallel_map, "parallel_map", broken)
    with pytest.raises(DataError, match=r"lack of memory.*--workers 1"):
        pack(pictures, tmp_path / "p.zip", Square(resolution=8))
    assert left(tmp_path) == set()


def test_nothing_is_overwritten(pictures: str, tmp_path: Path) -> None:
    (tmp_path / "p.zip").write_text("mine")
    (tmp_path / "link.zip").symlink_to(tmp_path / "gone")
    (tmp_path / "folder.zip").mkdir()
    for name, said in (("p.zip", "exists already"), ("link.zip", "exists already"), ("folder.zip", "it is a folder")):
        with pytest.raises(OutputError, match=said):
            pack(pictures, tmp_path / name, Square(resolution=8))
    assert (tmp_path / "p.zip").read_text() == "mine"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"resolution": 0}, "resolution 0"),
        ({"channels": 2}, "channels 2: give 1, 3 or 4"),
        ({"crop": "random"}, "random crops are made during training"),
        ({"crop_fraction": 0.0}, "crop fraction 0"),
        ({"crop_fraction": 1.1}, "crop fraction 1.1"),
        ({"crop_fraction": float("nan")}, "crop fraction nan"),
    ],
)
def test_impossible_squares(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        Square(**{"resolution": 8, **changes})


@pytest.mark.parametrize(
    ("out", "changes", "said"),
    [
        ("p.tar", {}, "must end in .zip"),
        ("p.zip", {"workers": 0}, "workers 0: give 1 to 1,024"),
        ("p.zip", {"on_error": "go"}, "give stop or skip"),
    ],
)
def test_impossible_requests(pictures: str, tmp_path: Path, out: str, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(HitzooError, match=said):
        pack(pictures, tmp_path / out, Square(resolution=8), **changes)
    assert left(tmp_path) == set()


def test_a_process_for_every_core_but_none_for_a_few_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert [enough_processes(count) for count in (1, 63, 64, 300, 70_000)] == [1, 1, 2, 5, 8]
