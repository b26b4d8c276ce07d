"""CIFAR-10, CIFAR-100, STL-10 and MNIST from their archives and from their folders."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import numpy as np
import pytest

from hitzoo.data.check import check
from hitzoo.data.folder import Folder
from hitzoo.data.ignored_files import ignored_files
from hitzoo.data.open import open_source
from hitzoo.data.pack import Square, pack
from hitzoo.data.source import ImageSource
from hitzoo.errors import DataError
from tests.data import published_files as made

Files = dict[str, bytes]

FORMS: dict[str, tuple[Callable[[], Files], list[int], list[int], int]] = {  # the images of training, of the test
    "cifar-10-python": (made.cifar10_python, [*range(10)], [10, 11], 32),
    "cifar-10-binary": (made.cifar10_binary, [*range(10)], [10, 11], 32),
    "cifar-100-python": (made.cifar100_python, [0, 1, 2], [3, 4], 32),
    "cifar-100-binary": (made.cifar100_binary, [0, 1, 2], [3, 4], 32),
    "stl10_binary": (made.stl10, [0, 1, 3, 4], [2], 96),
    "mnist": (made.mnist, [0, 1], [2], 28),
}


def shows(source: ImageSource, numbers: list[int], side: int) -> bool:
    images = [source.read(index) for index in range(len(source))]
    grey = side == 28
    assert all((image.mode, image.size) == ("L" if grey else "RGB", (side, side)) for image in images)
    wanted = [made.pixels(number, side)[:, :, 0] if grey else made.pixels(number, side) for number in numbers]
    return len(images) == len(wanted) and all(map(np.array_equal, map(np.asarray, images), wanted))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_shows_its_images_in_order(tmp_path: Path, form: str) -> None:
    files, train, test, side = FORMS[form]
    folder = made.write_folder(tmp_path / "folder", files())
    archive = made.write_tar_gz(tmp_path / f"{form}.tar.gz", files(), form)
    for place in (str(folder), str(archive)):
        assert shows(open_source(place, resolution=8), train, side)
        assert shows(open_source(f"{place}:test", resolution=8), test, side)
        assert shows(
            open_source(f"{place}:test+train", resolution=8), [*test, *[n for n in train if n < 3 or side < 96]], side
        )


def test_names_are_those_of_the_files(tmp_path: Path) -> None:
    archive = made.write_tar_gz(tmp_path / "a.tgz", made.cifar10_python())
    source = open_source(str(archive), resolution=8)
    assert [source.label(index) for index in (0, 3, 9)] == [
        "data_batch_1 image 0",
        "data_batch_2 image 1",
        "data_batch_5 image 1",
    ]
    for index in (-1, 10):
        with pytest.raises(IndexError):
            source.read(index)


def test_split_of_stl10_may_be_chosen(tmp_path: Path) -> None:
    folder = str(made.write_folder(tmp_path / "stl", made.stl10()))
    assert shows(open_source(f"{folder}:train", resolution=8), [0, 1], 96)
    assert shows(open_source(f"{folder}:unlabeled", resolution=8), [3, 4], 96)


@pytest.mark.parametrize(
    ("split", "said"),
    [
        ("valid", "has no split 'valid'; CIFAR-10 (binary) has train, test, joined by +"),
        ("", "has no split ''"),
        ("train+train", "names a split twice"),
    ],
)
def test_split_that_is_none_is_refused(tmp_path: Path, split: str, said: str) -> None:
    folder = str(made.write_folder(tmp_path / "cifar", made.cifar10_binary()))
    with pytest.raises(DataError) as caught:
        open_source(f"{folder}:{split}", resolution=8)
    assert said in str(caught.value)


def test_split_of_a_folder_of_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no splits to choose from"):
        open_source(f"{tmp_path}:train", resolution=8)


def test_colon_of_a_name_begins_no_split(tmp_path: Path) -> None:
    made.write_folder(tmp_path / "cifar", made.cifar10_binary())
    other = made.write_folder(tmp_path / "cifar:test", made.cifar10_python())
    assert shows(open_source(str(other), resolution=8), [*range(10)], 32)


def test_missing_file_is_named_with_what_is_whole(tmp_path: Path) -> None:
    files = made.cifar10_binary()
    del files["data_batch_3.bin"]
    folder = str(made.write_folder(tmp_path / "cifar", files))
    with pytest.raises(DataError) as caught:
        open_source(f"{folder}:train", resolution=8)
    assert "lacks data_batch_3.bin of CIFAR-10 (binary)" in str(caught.value)
    assert str(caught.value).endswith(f"or choose what is there: {folder}:test")
    assert len(open_source(f"{folder}:test", resolution=8)) == 2


def test_file_without_pictures_beside_the_set_is_counted(tmp_path: Path) -> None:
    folder = made.write_folder(tmp_path / "cifar", {**made.cifar10_python(), "notes.txt": b""})
    assert ignored_files(open_source(str(folder), resolution=8)).to_json()["endings"] == {".txt": 1}
    archive = made.write_tar_gz(tmp_path / "a.tar.gz", {**made.cifar10_python(), "notes.txt": b""})
    assert not ignored_files(open_source(str(archive), resolution=8))


@pytest.mark.parametrize("beside", ["a.png", "pictures"])
def test_folder_with_pictures_or_folders_stays_a_folder_of_pictures(tmp_path: Path, beside: str) -> None:
    folder = made.write_folder(tmp_path / "train", made.cifar100_python())
    picture = open_source("synthetic", resolution=8).read(0)
    (folder / "pictures").mkdir() if beside == "pictures" else None
    picture.save(folder / beside / "a.png" if beside == "pictures" else folder / beside)
    assert isinstance(open_source(str(folder), resolution=8), Folder)


def test_single_file_of_a_set_is_refused_with_its_folder(tmp_path: Path) -> None:
    folder = made.write_folder(tmp_path / "cifar", made.cifar10_python())
    with pytest.raises(DataError, match=r"is one file of CIFAR-10 \(python\); give its folder"):
        open_source(str(folder / "test_batch"), resolution=8)


def test_folder_above_a_set_is_refused_with_the_set_s_own(tmp_path: Path) -> None:
    made.write_folder(tmp_path / "data" / "cifar-10-batches-py", made.cifar10_python())
    with pytest.raises(DataError, match=r"CIFAR-10 \(python\) lies in it; give '.*data.cifar-10-batches-py'"):
        open_source(str(tmp_path / "data"), resolution=8)


def test_two_sets_in_one_place_are_refused(tmp_path: Path) -> None:
    both = {**made.cifar10_python(), **made.cifar10_binary()}
    for place in (made.write_folder(tmp_path / "both", both), made.write_tar_gz(tmp_path / "both.tar.gz", both)):
        with pytest.raises(DataError, match=r"holds CIFAR-10 \(python\) and CIFAR-10 \(binary\)"):
            open_source(str(place), resolution=8)


@pytest.mark.parametrize("size", [0, 1, 3073 + 3072, 2 * 3073 - 1])
def test_truncated_file_is_named(tmp_path: Path, size: int) -> None:
    files = made.cifar10_binary()
    files["data_batch_2.bin"] = files["data_batch_2.bin"][:size]
    folder = made.write_folder(tmp_path / "cifar", files)
    with pytest.raises(DataError) as caught:
        open_source(str(folder), resolution=8)
    assert f"{str(folder)!r}: data_batch_2.bin h" in str(caught.value)
    assert ("holds no images" in str(caught.value)) if size == 0 else (f"has {size:,} bytes" in str(caught.value))


def test_batch_that_would_run_a_program_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    attack = b"cposix\nsystem\n" + made.text(f"touch {tmp_path}/ran"[-250:]) + b"\x85R"
    files = {**made.cifar10_python(), "data_batch_4": made.batch(range(6, 8), labels=attack)}
    for place in (made.write_folder(tmp_path / "cifar", files), made.write_tar_gz(tmp_path / "a.tar.gz", files)):
        with pytest.raises(DataError, match=r"data_batch_4 names 'posix.system' at byte \d+, which is not run"):
            open_source(str(place), resolution=8)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("change", ["gone", "shorter"])
def test_file_that_changes_under_a_run_ends_it_with_its_name(tmp_path: Path, change: str) -> None:
    folder = made.write_folder(tmp_path / "cifar", made.cifar10_binary())
    source = open_source(str(folder), resolution=8)
    file = folder / "data_batch_5.bin"
    file.unlink() if change == "gone" else os.truncate(file, 4000)
    source.read(0)
    with pytest.raises(DataError, match=r"data_batch_5.bin: .*; start again"):
        source.read(9)


def test_fingerprint_changes_with_files_and_split_alone(tmp_path: Path) -> None:
    folder = made.write_folder(tmp_path / "cifar", made.cifar10_binary())
    os.utime(folder / "test_batch.bin", ns=(1, 1))

    def of(split: str = "") -> str:
        return open_source(f"{folder}{split}", resolution=8).fingerprint()

    before, test = of(), of(":test")
    assert before == of(":train") != test
    os.utime(folder / "test_batch.bin", ns=(2, 2))
    assert of() == before
    assert of(":test") != test


def test_source_is_read_by_threads_and_sent_to_processes(tmp_path: Path) -> None:
    archive = made.write_tar_gz(tmp_path / "a.tar.gz", made.cifar10_python())
    source = ForkingPickler.loads(ForkingPickler.dumps(open_source(str(archive), resolution=8)))
    with ThreadPoolExecutor(4) as pool:
        images = list(pool.map(source.read, [*range(10)] * 8))
    assert all(np.array_equal(image, made.pixels(place % 10)) for place, image in enumerate(images))


def test_check_and_pack_take_an_archive(tmp_path: Path) -> None:
    archive = str(made.write_tar_gz(tmp_path / "a.tar.gz", made.stl10(), "stl10_binary"))
    report = check(archive)
    assert (report.count, report.readable, report.sizes, report.modes) == (4, 4, {(96, 96): 4}, {"RGB": 4})
    pack(f"{archive}:test", tmp_path / "packed.zip", Square(resolution=96), workers=1)
    assert shows(open_source(str(tmp_path / "packed.zip"), resolution=96), [2], 96)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (made.idx(range(2), side=32), "does not begin as an IDX file of 28×28 bytes does"),
        (made.idx(range(2), kind=0x801), "does not begin as an IDX file"),
        (b"\0\0", "does not begin as an IDX file"),
        (made.idx(range(2))[:-1], "says 2 images and holds 1.99872: it is truncated or something else"),
        (made.idx(range(3))[: 16 + 784], "says 3 images and holds 1:"),
        (made.idx(range(0)), "holds no images"),
    ],
)
def test_malformed_idx_files(tmp_path: Path, content: bytes, said: str) -> None:
    folder = made.write_folder(tmp_path / "fashion", {**made.mnist(), "train-images-idx3-ubyte": content})
    with pytest.raises(DataError, match=said):
        open_source(str(folder), resolution=8)


def test_idx_files_still_compressed(tmp_path: Path) -> None:
    files = {f"{name}.gz": content for name, content in made.mnist().items()}
    with pytest.raises(DataError, match=r"MNIST are still compressed; unpack them \(gunzip\)"):
        open_source(str(made.write_folder(tmp_path / "fashion", files)), resolution=8)
