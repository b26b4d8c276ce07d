"""Nothing is passed over in silence: what systems keep is no image, and what is not read is counted."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from PIL import Image

from hitzoo.data import formats as formats_module
from hitzoo.data.archive import Archive
from hitzoo.data.check import check
from hitzoo.data.decode import decode
from hitzoo.data.folder import Folder
from hitzoo.data.ignored_files import counted, ignored_files
from hitzoo.data.names import ending_of, is_hidden
from hitzoo.data.open import open_source
from hitzoo.data.opening import opening_notes
from hitzoo.data.synthetic import Synthetic
from hitzoo.errors import DataError, UnreadableImage
from tests.data.record_writer import noise, raw_picture, write_records


def picture(side: int = 6, red: int = 0) -> bytes:
    stream = BytesIO()
    Image.new("RGB", (side, side), (red, 0, 0)).save(stream, "PNG")
    return stream.getvalue()


SYSTEM_FOLDERS = [
    "@eaDir",
    "@EADIR",
    "#recycle",
    "#snapshot",
    "$RECYCLE.BIN",
    "$Recycle.Bin",
    "System Volume Information",
    "lost+found",
    "Lost+Found",
    ".Trash-1000",
    ".Trashes",
    "__MACOSX",
    "__macosx",
    ".thumbnails",
    ".AppleDouble",
    "@Recycle",
]


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("name", SYSTEM_FOLDERS)
def test_folders_of_systems_hold_no_images(name: str, packed: bool, tmp_path: Path) -> None:
    members = ["a.png", f"{name}/b.png", f"{name}/deeper/c.jpg", f"sub/{name}/d.txt"]
    place = tmp_path / ("x.zip" if packed else "x")
    if packed:
        with ZipFile(place, "w") as file:
            for member in members:
                file.writestr(member, picture())
    else:
        for member in members:
            (place / member).parent.mkdir(parents=True, exist_ok=True)
            (place / member).write_bytes(picture())
    report = check(str(place))
    assert (report.count, report.readable) == (1, 1)
    assert dict(report.ignored_files.folders) == {name: 2}
    assert report.ignored_files.inside == 3
    assert f"2 hidden or system folders with 3 files: {name} (2)" in str(report.ignored_files)


@pytest.mark.parametrize("name", ["..", ".", "...and more", "photos", "recycled", "eaDir", "a.b", ""])
def test_other_names_are_the_users(name: str) -> None:
    assert not is_hidden(name)


@pytest.mark.parametrize("name", ["Thumbs.db", "THUMBS.DB", "desktop.ini", ".DS_Store", "._a.png", "Icon\r", ".a.png"])
def test_files_of_systems_are_counted_apart(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(picture())
    (tmp_path / name).write_bytes(picture())
    folder = Folder(str(tmp_path))
    assert len(folder) == 1
    assert str(ignored_files(folder)) == "1 hidden or system file"


@pytest.mark.parametrize("prefix", ["../photos/", "./photos/", "photos/...and more/", "/photos/", "photos\\"])
def test_members_with_dots_in_their_paths_are_images(prefix: str, tmp_path: Path) -> None:
    with ZipFile(tmp_path / "x.zip", "w") as file:
        for number in range(3):
            file.writestr(f"{prefix}{number}.png", picture())
    assert (len(Archive(str(tmp_path / "x.zip"))), check(str(tmp_path / "x.zip")).readable) == (3, 3)


def test_backslashes_separate_folders_in_zip_files_of_windows(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "x.zip", "w") as file:
        file.writestr("a.png", picture())
        file.writestr("set\\@eaDir\\b.png", picture())
    assert dict(Archive(str(tmp_path / "x.zip")).ignored_files().folders) == {"@eaDir": 1}


def test_a_zip_file_whose_only_images_are_hidden_says_so(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "x.zip", "w") as file:
        file.writestr("__MACOSX/a.png", picture())
        file.writestr("notes.txt", "none")
    with pytest.raises(DataError, match=r"only hidden and system folders .*1 \.txt.*with 1 file: __MACOSX"):
        Archive(str(tmp_path / "x.zip"))


def test_files_that_are_not_read_are_counted_by_ending() -> None:
    aside = counted(["a.txt", "b.TXT", "c", "d.tar.gz", "e.odt", "dataset.json", "x.with a very long ending"])
    assert dict(aside.endings) == {".txt": 2, "": 2, ".gz": 1, ".odt": 1}
    assert str(aside) == "2 .txt, 1 .gz, 1 .odt, 2 without an ending, 1 dataset.json"
    assert aside.to_json()["endings"] == {"none": 2, ".txt": 2, ".gz": 1, ".odt": 1, ".json": 1}
    assert not counted(["dataset.json"]).is_worth_a_line
    assert "and more" not in str(counted([f"a.e{number}" for number in range(9)]))
    assert "2 of 2 other endings" in str(counted([f"a.e{number:02}" for number in range(10)]))


@pytest.mark.parametrize(("name", "ending"), [("a.PNG", ".png"), ("a", ""), (".a", ""), ("a.", ""), ("a. b", "")])
def test_the_ending_of_a_name(name: str, ending: str) -> None:
    assert ending_of(name) == ending


def test_heic_is_named_with_what_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats_module, "_reads_heif", lambda: False)
    formats_module.endings.cache_clear()
    try:
        (tmp_path / "IMG_1.HEIC").write_bytes(b"no picture")
        with pytest.raises(DataError, match=r"there are: 1 \.heic \(read with pip install 'hitzoo\[heic\]'\)"):
            Folder(str(tmp_path))
        with pytest.raises(UnreadableImage, match=r"a HEIC image.*hitzoo\[heic\]"):
            decode(BytesIO(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), "IMG_2.JPG")
        (tmp_path / "a.png").write_bytes(picture())
        notes = opening_notes(Folder(str(tmp_path)), 4)
        assert notes[0].endswith("1 .heic (read with pip install 'hitzoo[heic]')")
    finally:
        formats_module.endings.cache_clear()


def test_a_folder_of_records_counts_what_lies_beside_them(tmp_path: Path) -> None:
    write_records(tmp_path / "x.tfrecords", [raw_picture(noise(0))])
    (tmp_path / "labels.npy").write_bytes(b"")
    Image.new("RGB", (4, 4)).save(tmp_path / "preview.gif")  # does not make a folder of images of it
    source = open_source(str(tmp_path), resolution=8)
    assert len(source) == 1
    assert str(ignored_files(source)) == "1 .gif, 1 .npy"


def test_the_beginning_tells_what_is_left_aside_few_and_small(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(picture(red=number))
    (tmp_path / "x.mov").write_bytes(b"")
    source = open_source(str(tmp_path), resolution=16)
    aside, few, small = opening_notes(source, 16)
    assert aside == f"ignored in {tmp_path}: 1 .mov"
    assert few.startswith("note: 3 images are few")
    assert small.startswith("note: most images are smaller than 16×16 (6 to 6 pixels)")
    assert opening_notes(source, 6, for_training=False) == [aside]
    assert opening_notes(Synthetic(16), 16) == []
