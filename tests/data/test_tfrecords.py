from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hitzoo.data.check import check
from hitzoo.data.shards import holds_shards, is_shard, select_shards
from hitzoo.data.tfrecords import TFRecords
from hitzoo.errors import DataError, UnreadableImage
from tests.data.record_writer import example, noise, raw_picture, write_records

COUNT = 12


def write_pictures(path: Path, *numbers: int, side: int = 4) -> Path:
    return write_records(path, [raw_picture(noise(number, side)) for number in numbers])


def write_examples(path: Path, *features: dict[str, Any]) -> TFRecords:
    return TFRecords(str(write_records(path, map(example, features))), resolution=4)


def is_noise(image: Image.Image, number: int, side: int = 4) -> bool:
    return np.array_equal(np.asarray(image), noise(number, side).transpose(1, 2, 0))


def read_in_child(source: TFRecords, order: list[int], answers: multiprocessing.Queue[bool]) -> None:
    answers.put(all(is_noise(source.read(index), index) for index in order))


@pytest.fixture
def numbered(tmp_path: Path) -> TFRecords:
    return TFRecords(str(write_pictures(tmp_path / "n.tfrecords", *range(COUNT))), resolution=4)


def test_raw_pictures_of_one_file(numbered: TFRecords) -> None:
    assert len(numbered) == COUNT
    assert all(is_noise(numbered.read(index), index) for index in reversed(range(COUNT)))
    assert numbered.label(7) == "n.tfrecords record 7"
    for index in (-1, COUNT):
        with pytest.raises(IndexError):
            numbered.read(index)


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_every_number_of_channels_and_sides_that_differ(tmp_path: Path, channels: int, mode: str) -> None:
    pixels = noise(0, 6, channels)[:, :4]
    path = write_records(tmp_path / "a.tfrecord", [raw_picture(pixels)])
    image = TFRecords(str(path), resolution=4).read(0)
    assert (image.mode, image.size) == (mode, (6, 4))
    assert np.array_equal(np.asarray(image).reshape(4, 6, channels), pixels.transpose(1, 2, 0))


@pytest.mark.parametrize("name", ["image/encoded", "image"])
def test_encoded_pictures(tmp_path: Path, name: str) -> None:
    stream = BytesIO()
    Image.new("RGB", (6, 4), (9, 8, 7)).save(stream, "PNG")
    source = write_examples(tmp_path / "a.tfrecord", {name: stream.getvalue(), "label": [3]}, {name: b"text"})
    assert source.read(0).getpixel((0, 0)) == (9, 8, 7)
    assert source.read(0).format == "PNG"
    with pytest.raises(UnreadableImage, match=r"a\.tfrecord record 1: .*not an image in a readable format"):
        source.read(1)


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ({"shape": [3, 2, 2], "data": bytes(11)}, "its data are 11 bytes, not the 12 of its shape"),
        ({"shape": [3, 2, 2], "data": [1, 2]}, "its data are no bytes"),
        ({"shape": [2, 2, 3], "data": bytes(12)}, r"its shape is \[2, 2, 3\], not \[channels, height, width\]"),
        ({"shape": [12], "data": bytes(12)}, r"its shape is \[12\]"),
        ({"shape": [3, -2, -2], "data": bytes(12)}, r"its shape is \[3, -2, -2\]"),
        ({"shape": [3, 0, 2], "data": b""}, r"its shape is \[3, 0, 2\]"),
        ({"data": bytes(12)}, "it holds data; an image is expected in 'shape' and 'data'"),
        ({"label": [1], "feature": b"x"}, "it holds feature, label;"),
        ({"image": [1, 2]}, "it holds image;"),
        ({}, "it holds nothing;"),
    ],
)
def test_records_without_a_picture_say_what_they_hold(tmp_path: Path, features: dict[str, Any], said: str) -> None:
    source = write_examples(tmp_path / "a.tfrecord", features)
    with pytest.raises(UnreadableImage, match=said) as caught:
        source.read(0)
    assert caught.value.name == "a.tfrecord record 0"


def test_a_record_that_is_no_example(tmp_path: Path) -> None:
    source = TFRecords(str(write_records(tmp_path / "a.tfrecord", [b"\xff" * 20])), resolution=4)
    with pytest.raises(UnreadableImage, match=r"not a tf\.train\.Example"):
        source.read(0)


def test_the_shards_of_a_folder_are_joined_in_order(tmp_path: Path) -> None:
    write_pictures(tmp_path / "train-00001-of-00003.tfrecord", 2)
    write_pictures(tmp_path / "train-00000-of-00003.tfrecord", 0, 1)
    write_pictures(tmp_path / "train-00002-of-00003.tfrecord")
    write_pictures(tmp_path / "x.tfrecord-00000-of-00001", 3, 4)
    (tmp_path / "notes.txt").write_text("")
    source = TFRecords(str(tmp_path), resolution=4)
    assert len(source) == 5
    assert all(is_noise(source.read(index), index) for index in (4, 2, 0, 3, 1))
    assert [source.label(2), source.label(3)] == [
        "train-00001-of-00003.tfrecord record 0",
        "x.tfrecord-00000-of-00001 record 0",
    ]


@pytest.mark.parametrize(("wanted", "side"), [(1, 4), (4, 4), (5, 8), (8, 8), (9, 32), (32, 32), (1024, 32)])
def test_of_several_sizes_the_one_that_is_wanted_or_the_next_larger(tmp_path: Path, wanted: int, side: int) -> None:
    for power in (2, 3, 5):
        write_pictures(tmp_path / f"ffhq-r{power:02}.tfrecords", power, power + 1, side=1 << power)
    source = TFRecords(str(tmp_path), resolution=wanted)
    assert (len(source), source.read(1).size) == (2, (side, side))


def test_only_the_chosen_size_is_opened(tmp_path: Path) -> None:
    write_pictures(tmp_path / "ffhq-r02.tfrecords", 0)
    (tmp_path / "ffhq-r10.tfrecords").write_bytes(b"cut")
    assert len(TFRecords(str(tmp_path), resolution=4)) == 1
    with pytest.raises(DataError, match=r"ffhq-r10\.tfrecords.*truncated"):
        TFRecords(str(tmp_path), resolution=512)


def test_sizes_beside_other_records_are_a_question(tmp_path: Path) -> None:
    write_pictures(tmp_path / "ffhq-r02.tfrecords", 0)
    write_pictures(tmp_path / "other.tfrecords", 0)
    with pytest.raises(DataError, match=r"ffhq-r02\.tfrecords .*other\.tfrecords.*give one of the files"):
        TFRecords(str(tmp_path), resolution=4)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.tfrecords", True),
        ("a.TFRecord", True),
        ("a.tfrecord-00000-of-00010", True),
        ("._a.tfrecords", False),
        ("a.tfrecords.gz", False),
        ("tfrecords", False),
        ("a.png", False),
    ],
)
def test_what_is_called_like_records(name: str, expected: bool) -> None:
    assert is_shard(name) is expected


def test_a_folder_is_one_of_records_when_it_has_some_and_no_images(tmp_path: Path) -> None:
    assert not holds_shards(tmp_path)
    (tmp_path / "a.tfrecords").mkdir()
    assert not holds_shards(tmp_path)
    (tmp_path / "b.tfrecords").write_bytes(b"")
    assert holds_shards(tmp_path)
    assert select_shards(tmp_path, 4) == [tmp_path / "b.tfrecords"]
    (tmp_path / "a.png").write_bytes(b"")
    assert not holds_shards(tmp_path)


def test_no_records_at_all(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no records in a\.tfrecords"):
        TFRecords(str(write_pictures(tmp_path / "a.tfrecords")), resolution=4)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 on a fork beside other tests' threads
@pytest.mark.parametrize("method", ["fork", pytest.param("spawn", marks=pytest.mark.processes)])
def test_processes_read_at_once_what_they_would_read_alone(numbered: TFRecords, method: str) -> None:
    numbered.read(0)
    context: Any = multiprocessing.get_context(method)
    answers = context.Queue()
    order = list(range(COUNT)) * 20
    children = [context.Process(target=read_in_child, args=(numbered, order, answers)) for _ in range(2)]
    for child in children:
        child.start()
    assert all(is_noise(numbered.read(index), index) for index in order)
    assert [answers.get(timeout=60) for _ in children] == [True, True]
    for child in children:
        child.join()


def test_threads_read_what_one_reads_alone(numbered: TFRecords) -> None:
    order = list(range(COUNT)) * 10
    with ThreadPoolExecutor(8) as pool:
        assert all(is_noise(image, index) for index, image in zip(order, pool.map(numbered.read, order), strict=True))


def test_the_fingerprint_follows_every_file(tmp_path: Path) -> None:
    write_pictures(tmp_path / "a.tfrecords", 0)
    first = TFRecords(str(tmp_path), resolution=4).fingerprint()
    assert TFRecords(str(tmp_path), resolution=4).fingerprint() == first
    write_pictures(tmp_path / "b.tfrecords", 1)
    assert TFRecords(str(tmp_path), resolution=4).fingerprint() != first
    assert len(first) == 64


def test_the_check_lists_damaged_records(numbered: TFRecords) -> None:
    path = Path(numbered.location)
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    report = check(str(path))
    assert (report.count, report.readable, report.sizes, report.modes) == (COUNT, COUNT - 1, {(4, 4): 11}, {"RGB": 11})
    assert [name for name, _ in report.bad] == [f"n.tfrecords record {COUNT - 1}"]


def test_the_working_folder_may_change_after_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pictures(tmp_path / "a.tfrecords", 0)
    monkeypatch.chdir(tmp_path)
    source = TFRecords("a.tfrecords", resolution=4)
    monkeypatch.chdir("/")
    assert is_noise(source.read(0), 0)
    assert source.location == "a.tfrecords"
