from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest
from PIL import Image

from hitzoo.data.archive import Archive
from hitzoo.data.folder import Folder
from hitzoo.data.open import open_source
from hitzoo.data.synthetic import Synthetic
from hitzoo.errors import DataError


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
        ("gone", "there is no such folder or file; give a folder of images, a .zip file"),
        ("gone.zip", "there is no such folder or file"),
        ("x" * 5000, "File name too long"),
        ("notes.tar", "is neither a folder nor a .zip file; give a folder of images, a .zip file"),
        ("one.PNG", "is a single image; give the folder it is in"),
        ("text.zip", "not a whole zip file"),
        ("empty.zip", "not a whole zip file"),
    ],
)
def test_every_other_place_is_refused_by_name(tmp_path: Path, name: str, said: str) -> None:
    for file, content in {"notes.tar": b"x", "one.PNG": b"x", "text.zip": b"text", "empty.zip": b""}.items():
        (tmp_path / file).write_bytes(content)
    with pytest.raises(DataError) as caught:
        open_source(str(tmp_path / name), resolution=8)
    assert said in str(caught.value)
    assert repr(str(tmp_path / name)) in str(caught.value)


@pytest.mark.parametrize("location", ["", "  "])
def test_no_place_at_all(location: str) -> None:
    with pytest.raises(DataError, match="no such folder or file"):
        open_source(location, resolution=8)
