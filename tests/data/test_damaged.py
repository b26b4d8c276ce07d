"""300 damaged pictures: no traceback, and checking, packing, training and evaluating agree on which can be read."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest

from hitzoo.data.check import check
from hitzoo.data.open import open_source
from hitzoo.data.pack import Square, pack
from hitzoo.data.report import DataReport
from hitzoo.data.square import read_square
from hitzoo.errors import UnreadableImage
from hitzoo.evaluation.pictures import StoredImages
from hitzoo.spec.types import DataSpec
from hitzoo.training.engine.stream import TrainingStream
from tests.data.damaged_pictures import KINDS, damaged_picture, whole_picture

COUNT = 300


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damaged")
    for number in range(COUNT):
        kind, content = damaged_picture(number)
        (folder / f"{number:03}.{kind.lower()}").write_bytes(content)
    for kind, mode in KINDS:
        (folder / f"whole {mode.replace(';', '')}.{kind.lower()}").write_bytes(whole_picture(kind, mode))
    return folder


@pytest.fixture(scope="module")
def report(damaged: Path) -> DataReport:
    return check(str(damaged))


def test_damaged_pictures_are_read_or_named(report: DataReport) -> None:
    assert report.count == COUNT + len(KINDS)
    assert COUNT / 3 < len(report.bad) < COUNT
    whole = {name for name, _ in report.bad if name.startswith("whole")}
    assert whole <= {"whole YCbCr.tiff"}  # which Pillow 10 writes wrongly
    assert all(reason and "\n" not in reason for _, reason in report.bad)


def test_a_zip_file_of_them_is_read_alike(damaged: Path, report: DataReport, tmp_path: Path) -> None:
    with ZipFile(tmp_path / "x.zip", "w") as file:
        for path in sorted(damaged.iterdir()):
            file.write(path, path.name)
    packed = check(str(tmp_path / "x.zip"))
    assert [name for name, _ in packed.bad] == [name for name, _ in report.bad]


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("crop", ["center", "none"])
def test_what_check_reads_becomes_pixels(damaged: Path, report: DataReport, channels: int, crop: str) -> None:
    source, unreadable = open_source(str(damaged), resolution=8), []
    for index in range(len(source)):
        square = {"resolution": 8, "channels": channels, "crop": crop, "crop_fraction": 0.9}
        try:
            pixels = read_square(source, index, **square, flip=False, random=None)  # type: ignore[arg-type]
        except UnreadableImage as error:
            unreadable.append(error.name)
        else:
            assert pixels.shape == (8, 8, channels)
    assert unreadable == [name for name, _ in report.bad]


def test_pack_training_and_evaluation_agree_with_check(damaged: Path, report: DataReport, tmp_path: Path) -> None:
    bad = {name for name, _ in report.bad}
    packed = pack(str(damaged), tmp_path / "p.zip", Square(resolution=8), workers=1, on_error="skip")
    assert ({name for name, _ in packed.skipped}, packed.packed) == (bad, report.readable)
    source, data = open_source(str(damaged), resolution=8), DataSpec(source=str(damaged), on_error="skip")
    stream = TrainingStream(source, data, 8, seed=0)
    assert {error.name for position in range(len(source)) for error in stream[position][1]} == bad
    stored = StoredImages(source, data, 8)
    assert len(stored.read(range(len(source)))) == report.readable
    assert set(stored.unreadable) == bad
