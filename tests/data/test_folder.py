from __future__ import annotations

import errno
import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hitzoo.data.folder import Folder
from hitzoo.errors import DataError, UnreadableImage


def png(red: int = 0) -> bytes:
    """A file that tells itself apart by its red."""
    stream = BytesIO()
    Image.new("RGB", (6, 4), (red, 0, 0)).save(stream, "PNG")
    return stream.getvalue()


def red_of(image: Image.Image) -> int:
    return int(np.asarray(image)[0, 0, 0])


def fill(root: Path, *names: str) -> None:
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(number))


def labels(folder: Folder) -> list[str]:
    return [folder.label(index) for index in range(len(folder))]


def test_files_come_in_the_order_of_their_relative_paths(tmp_path: Path) -> None:
    fill(tmp_path, "b/2.png", "b/10.png", "a.png", "b.png", "a/z/y.png", "b-c.png")
    folder = Folder(str(tmp_path))
    assert labels(folder) == ["a.png", "a/z/y.png", "b-c.png", "b.png", "b/10.png", "b/2.png"]
    assert [red_of(folder.read(index)) for index in range(6)] == [2, 4, 5, 3, 1, 0]
    assert folder.location == str(tmp_path)


def test_every_accepted_ending_in_any_case(tmp_path: Path) -> None:
    names = ["a.png", "b.JPG", "c.Jpeg", "d.WebP", "e.JFIF", "f.jpe", "g.bmp", "h.GIF", "i.tif", "j.Tiff"]
    for name in names:
        Image.new("RGB", (6, 4)).save(tmp_path / name)
    for name in ("k.txt", "png", "l.png.txt"):
        (tmp_path / name).write_bytes(png())
    folder = Folder(str(tmp_path))
    assert labels(folder) == names
    assert {folder.read(index).size for index in range(len(names))} == {(6, 4)}
    assert str(folder.ignored_files()) == "2 .txt, 1 without an ending"


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    fill(tmp_path, "a.png", "._a.png", ".hidden.png", "__MACOSX/a.png", ".cache/a.png", ".DS_Store", "x/.png")
    assert labels(Folder(str(tmp_path))) == ["a.png"]


def test_a_folder_that_is_itself_hidden_may_be_given(tmp_path: Path) -> None:
    fill(tmp_path, ".secret/a.png")
    assert labels(Folder(str(tmp_path / ".secret"))) == ["a.png"]


def test_a_folder_called_like_an_image_is_a_folder(tmp_path: Path) -> None:
    fill(tmp_path, "shoes.png/1.png")
    assert labels(Folder(str(tmp_path))) == ["shoes.png/1.png"]


def test_links_are_followed_and_loops_end(tmp_path: Path) -> None:
    fill(tmp_path, "in/a.png", "out/b.png")
    (tmp_path / "in" / "self").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "up").symlink_to("..")
    (tmp_path / "in" / "other").symlink_to(tmp_path / "out")
    folder = Folder(str(tmp_path / "in"))
    assert [name.rsplit("/", 1)[-1] for name in labels(folder)] == ["a.png", "b.png"]
    assert labels(folder)[1].startswith("other/")


def test_a_link_to_nowhere_is_a_missing_image(tmp_path: Path) -> None:
    fill(tmp_path, "a.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "gone.png")
    folder = Folder(str(tmp_path))
    assert labels(folder) == ["a.png", "b.png"]
    assert folder.fingerprint()
    with pytest.raises(UnreadableImage, match=r"b\.png"):
        folder.read(1)


def test_what_is_no_plain_file_is_not_opened(tmp_path: Path) -> None:
    fill(tmp_path, "a.png")
    os.mkfifo(tmp_path / "b.png")  # reading it would wait for ever
    assert labels(Folder(str(tmp_path))) == ["a.png"]


def test_names_outside_ascii(tmp_path: Path) -> None:
    fill(tmp_path, "ü/日本.png")
    folder = Folder(str(tmp_path))
    assert red_of(folder.read(0)) == 0
    assert folder.fingerprint()


@pytest.mark.parametrize("names", [(), ("a.txt", ".b.png")])
def test_a_folder_without_images_says_what_it_looked_for(tmp_path: Path, names: tuple[str, ...]) -> None:
    fill(tmp_path, *names)
    with pytest.raises(DataError, match=r"no images in this folder.*png, jpg, jpeg") as caught:
        Folder(str(tmp_path))
    assert str(tmp_path) in str(caught.value)


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the ones called `locked` and `lost+found` cannot be listed."""
    fill(tmp_path, "locked/a.png", "b.png", "lost+found/c.png")
    listed = os.scandir

    def refusing(place: Path) -> object:
        if Path(place).name in ("locked", "lost+found"):
            raise PermissionError(errno.EACCES, "Permission denied", str(place))
        return listed(place)

    monkeypatch.setattr(os, "scandir", refusing)
    return tmp_path


def test_a_folder_that_may_not_be_listed_is_one_unreadable_image(locked: Path) -> None:
    folder = Folder(str(locked))
    assert labels(folder) == ["b.png", "locked/"]
    assert folder.fingerprint()
    assert folder.read(0).size == (6, 4)
    with pytest.raises(UnreadableImage, match=r"locked/.*cannot be listed.*Permission denied"):
        folder.read(1)
    assert dict(folder.ignored_files(looking_inside=True).folders) == {"lost+found": 1}


def test_nothing_but_a_folder_that_may_not_be_listed(locked: Path) -> None:
    (locked / "b.png").unlink()
    with pytest.raises(DataError, match=r"no images.*locked/.*Permission denied"):
        Folder(str(locked))
    with pytest.raises(DataError, match=r"cannot list the folder.*Permission denied"):
        Folder(str(locked / "locked"))


def test_the_fingerprint_follows_names_sizes_and_times(tmp_path: Path) -> None:
    fill(tmp_path, "a.png", "b.png")
    os.utime(tmp_path / "a.png", ns=(1, 1))
    first = Folder(str(tmp_path)).fingerprint()
    assert len(first) == 64
    assert Folder(str(tmp_path)).fingerprint() == first
    prints = {first}
    os.utime(tmp_path / "a.png", ns=(2, 2))
    prints.add(Folder(str(tmp_path)).fingerprint())
    (tmp_path / "b.png").write_bytes(png() + b"longer")
    prints.add(Folder(str(tmp_path)).fingerprint())
    (tmp_path / "b.png").rename(tmp_path / "c.png")
    prints.add(Folder(str(tmp_path)).fingerprint())
    assert len(prints) == 4


def test_the_working_folder_may_change_after_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "in/a.png")
    monkeypatch.chdir(tmp_path)
    folder = Folder("in")
    monkeypatch.chdir("/")
    assert folder.read(0).size == (6, 4)


def test_what_was_read_before_stays_the_same_set_and_more_formats_are_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run is resumed with the same images in the same order; where others became readable, it can tell."""
    fill(tmp_path, "b.png", "a.jpg", "c/d.webp", "notes.txt")
    for added in (None, "c/a.tif"):
        fill(tmp_path, *([added] if added else []))
        with monkeypatch.context() as earlier:
            earlier.setattr("hitzoo.data.names.endings", lambda: (".png", ".jpg", ".jpeg", ".webp"))
            before = Folder(str(tmp_path))
        now = Folder(str(tmp_path))
        assert labels(before) == ["a.jpg", "b.png", "c/d.webp"]
        assert (before.fingerprint() == now.fingerprint()) == (added is None)
        assert (labels(before) == labels(now)) == (added is None)
