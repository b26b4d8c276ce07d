from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile

import numpy as np
import pytest
from PIL import Image

from hitzoo.data import member as member_module
from hitzoo.data.archive import Archive
from hitzoo.errors import DataError, UnreadableImage

COUNT = 40


def png(red: int = 0) -> bytes:
    """A file that tells itself apart by its red."""
    stream = BytesIO()
    Image.new("RGB", (6, 4), (red, 0, 0)).save(stream, "PNG")
    return stream.getvalue()


def red_of(image: Image.Image) -> int:
    return int(np.asarray(image)[0, 0, 0])


def write_zip(path: Path, members: dict[str, bytes], compression: int = ZIP_DEFLATED) -> Path:
    with ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def labels(archive: Archive) -> list[str]:
    return [archive.label(index) for index in range(len(archive))]


def reds(archive: Archive, order: list[int]) -> list[int]:
    return [red_of(archive.read(index)) for index in order]


def read_in_child(archive: Archive, order: list[int], answers: multiprocessing.Queue[list[int]]) -> None:
    answers.put(reds(archive, order))


@pytest.fixture
def numbered(tmp_path: Path) -> Archive:
    return Archive(str(write_zip(tmp_path / "n.zip", {f"{number:03}.png": png(number) for number in range(COUNT)})))


def test_members_come_in_the_order_of_their_paths_and_junk_is_left_out(tmp_path: Path) -> None:
    names = ["b/2.PNG", "a.png", "b.jpg", "__MACOSX/a.png", "__MACOSX/._a.png", "._a.png", ".x/a.png", "t.txt", "d/"]
    archive = Archive(str(write_zip(tmp_path / "x.ZIP", {name: png(number) for number, name in enumerate(names)})))
    assert labels(archive) == ["a.png", "b.jpg", "b/2.PNG"]
    assert reds(archive, [0, 1, 2]) == [1, 2, 0]


@pytest.mark.parametrize("compression", [ZIP_STORED, ZIP_DEFLATED, ZIP_BZIP2, ZIP_LZMA])
def test_every_compression_that_python_knows(tmp_path: Path, compression: int) -> None:
    archive = Archive(str(write_zip(tmp_path / "x.zip", {"a.png": png(5)}, compression)))
    assert reds(archive, [0]) == [5]


def test_nothing_is_written_beside_the_zip_file(numbered: Archive, tmp_path: Path) -> None:
    numbered.read(0)
    assert [path.name for path in tmp_path.iterdir()] == ["n.zip"]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 on a fork beside other tests' threads
@pytest.mark.parametrize("method", ["fork", pytest.param("spawn", marks=pytest.mark.processes)])
def test_processes_read_at_once_what_they_would_read_alone(numbered: Archive, method: str) -> None:
    numbered.read(0)  # the parent has it open before the children begin
    context: Any = multiprocessing.get_context(method)
    answers = context.Queue()
    order = [index for _ in range(5) for index in range(COUNT)]
    children = [context.Process(target=read_in_child, args=(numbered, order, answers)) for _ in range(2)]
    for child in children:
        child.start()
    assert reds(numbered, order) == order
    assert [answers.get(timeout=60) for _ in children] == [order, order]
    for child in children:
        child.join()


def test_every_process_opens_the_file_for_itself(numbered: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    numbered.read(0)
    own = numbered._own_handle()
    assert numbered._own_handle() is own
    monkeypatch.setattr("os.getpid", lambda: own.process + 1)
    assert numbered._own_handle().file.fp is not own.file.fp
    assert "_handle" in numbered.__getstate__()
    assert numbered.__getstate__()["_handle"] is None


def test_threads_take_turns(numbered: Archive) -> None:
    order = list(range(COUNT)) * 5
    with ThreadPoolExecutor(8) as pool:
        assert [red_of(image) for image in pool.map(numbered.read, order)] == order


def test_a_damaged_member_is_unreadable_and_the_others_are_not(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", {"a.png": png(1), "b.png": png(2)}, ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[content.index(b"IDAT") + 6] ^= 0xFF
    path.write_bytes(content)
    archive = Archive(str(path))
    with pytest.raises(UnreadableImage, match=r"a\.png.*CRC"):
        archive.read(0)
    assert reds(archive, [1]) == [2]


@pytest.mark.parametrize(("place", "value", "said"), [(6, 1, "encrypted"), (8, 99, "compression")])
def test_encrypted_members_and_unknown_compression(tmp_path: Path, place: int, value: int, said: str) -> None:
    path = write_zip(tmp_path / "x.zip", {"a.png": png()})
    content = bytearray(path.read_bytes())
    content[place] = value  # in the member's own header, and two bytes on in the list of contents
    content[content.index(b"PK\x01\x02") + place + 2] = value
    path.write_bytes(content)
    with pytest.raises(UnreadableImage, match=rf"a\.png.*{said}"):
        Archive(str(path)).read(0)


def test_a_member_that_is_no_image(tmp_path: Path) -> None:
    archive = Archive(str(write_zip(tmp_path / "x.zip", {"a.png": b"text"})))
    with pytest.raises(UnreadableImage, match="not an image in a readable format"):
        archive.read(0)


def test_a_member_too_large_to_be_an_image_is_not_unpacked(numbered: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_module, "_LARGEST", 10)
    with pytest.raises(UnreadableImage, match="too many for an image"):
        numbered.read(0)


@pytest.mark.parametrize("kept", [0, 30, 0.5, 0.99])
def test_a_cut_zip_file(numbered: Archive, kept: float) -> None:
    path = Path(numbered.location)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept if kept >= 1 else kept * len(content))])
    with pytest.raises(DataError, match="not a complete zip file") as caught:
        Archive(str(path))
    assert str(path) in str(caught.value)


def test_a_zip_file_without_images(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no images in this zip file.*png, jpg, jpeg.*there are: 1 \.txt"):
        Archive(str(write_zip(tmp_path / "x.zip", {"a.txt": b""})))


def test_a_zip_file_that_goes_away(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", {"a.png": png()})
    archive = Archive(str(path))
    path.unlink()
    with pytest.raises(DataError, match="No such file"):
        archive.read(0)


def test_a_name_packed_twice_is_one_image_the_later(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with ZipFile(path, "w") as file:
        file.writestr("a.png", png(1))
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("a.png", png(2))
    archive = Archive(str(path))
    assert (len(archive), red_of(archive.read(0))) == (1, 2)


def test_the_fingerprint_follows_names_and_contents(tmp_path: Path) -> None:
    packed = [{"a.png": png(1)}, {"a.png": png(2)}, {"b.png": png(1)}, {"a.png": png(1), "b.png": png(1)}]
    archives = [Archive(str(write_zip(tmp_path / f"{n}.zip", members))) for n, members in enumerate(packed)]
    assert len({archive.fingerprint() for archive in archives}) == 4
    again = Archive(str(write_zip(tmp_path / "again.zip", packed[0] | {"note.txt": b"1"})))
    assert again.fingerprint() == archives[0].fingerprint()
