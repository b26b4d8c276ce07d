from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest
from PIL import Image

from hitzoo.data import open as open_module
from hitzoo.data.archive import Archive
from hitzoo.data.folder import Folder
from hitzoo.data.open import open_source
from hitzoo.data.synthetic import Synthetic
from hitzoo.data.tfrecords import TFRecords
from hitzoo.errors import DataError
from tests.data.record_writer import noise, raw_picture, write_records


def test_the_kind_of_source_follows_from_the_place(tmp_path: Path) -> None:
    (tmp_path / "folder.zip").mkdir()
    Image.new("L", (6, 4)).save(tmp_path / "folder.zip" / "a.png")
    with ZipFile(tmp_path / "a.ZIP", "w") as file:
        file.write(tmp_path / "folder.zip" / "a.png", "a.png")
    synthetic = open_source("synthetic", resolution=48)
    assert isinstance(synthetic, Synthetic)
    assert synthetic.read(0).size == (48, 48)
    assert isinstance(open_source(str(tmp_path / "a.ZIP"), resolution=48), Archive)
    assert isinstance(open_source(str(tmp_path / "folder.zip"), resolution=48), Folder)
    (tmp_path / "records").mkdir()
    for side in (2, 3):
        pictures = [raw_picture(noise(0, 1 << side))]
        path = write_records(tmp_path / "records" / f"x-r{side:02}.tfrecords", pictures)
        assert isinstance(open_source(str(path), resolution=1), TFRecords)
    records = open_source(str(tmp_path / "records"), resolution=8)
    assert isinstance(records, TFRecords)
    assert records.read(0).size == (8, 8)


def test_a_folder_with_images_stays_a_folder_of_images(tmp_path: Path) -> None:
    write_records(tmp_path / "x.tfrecords", [raw_picture(noise(0))])
    Image.new("L", (6, 4)).save(tmp_path / "a.png")
    assert isinstance(open_source(str(tmp_path), resolution=8), Folder)


def test_a_name_with_hf_in_front_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(open_module, "HuggingFace", opened.append)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hf:a").mkdir()
    open_source("hf:a", resolution=8)
    assert opened == ["hf:a"]


def test_the_home_folder_may_be_written_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "faces").mkdir()
    Image.new("L", (6, 4)).save(tmp_path / "faces" / "a.png")
    source = open_source("~/faces", resolution=8)
    assert source.location == "~/faces"
    assert source.read(0).size == (6, 4)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gone", "no such folder or file; give a folder of images, a .zip or .tfrecords file"),
        ("gone.zip", "no such folder or file"),
        ("x" * 5000, "File name too long"),
        ("notes.rar", "is not a folder, a .zip, .tfrecords or .tar.gz file; give a folder of images"),
        ("notes.tar", "is damaged, truncated or no tar archive: it cannot be read on from byte 4 of 4"),
        ("one.PNG", "is a single image; give its folder"),
        ("text.zip", "not a complete zip file"),
        ("empty.zip", "not a complete zip file"),
        ("text.tfrecords", "is truncated"),
        ("empty.tfrecord", "no records in empty.tfrecord"),
    ],
)
def test_every_other_place_is_refused_by_name(tmp_path: Path, name: str, said: str) -> None:
    for file in ("notes.rar", "notes.tar", "one.PNG", "text.zip", "text.tfrecords"):
        (tmp_path / file).write_bytes(b"text")
    for file in ("empty.zip", "empty.tfrecord"):
        (tmp_path / file).write_bytes(b"")
    with pytest.raises(DataError) as caught:
        open_source(str(tmp_path / name), resolution=8)
    assert said in str(caught.value)
    assert repr(str(tmp_path / name)) in str(caught.value)


@pytest.mark.parametrize("location", ["", "  "])
def test_no_place_at_all(location: str) -> None:
    with pytest.raises(DataError, match="no such folder or file"):
        open_source(location, resolution=8)
