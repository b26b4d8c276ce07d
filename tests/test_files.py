"""Files and folders are there whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from hitzoo.errors import OutputError
from hitzoo.files import atomic_file, atomic_folder, reason_of, write_text, writing

FULL = OSError(errno.ENOSPC, "No space left on device")


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def half_written(path: Path, raised: BaseException, beside: str = "") -> None:
    with atomic_file(path) as temporary:
        temporary.write_text("half", encoding="utf-8")
        if beside:
            (path.parent / beside).write_text("theirs", encoding="utf-8")
        raise raised


def half_filled(path: Path, raised: BaseException) -> None:
    with atomic_folder(path) as temporary:
        (temporary / "inner").mkdir()
        (temporary / "inner" / "c.txt").touch()
        raise raised


def test_a_file_is_written_with_the_folders_above_it(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.txt"
    with atomic_file(path) as temporary:
        temporary.write_text("whole", encoding="utf-8")
        assert not path.exists()
        assert temporary.parent == path.parent
    assert tree(tmp_path) == ["a", "a/b", "a/b/c.txt"]
    assert path.read_text(encoding="utf-8") == "whole"


def test_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    write_text(path, "né")
    assert path.read_bytes() == "né".encode()
    assert tree(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("raised", [FULL, KeyError("bug"), KeyboardInterrupt()])
def test_nothing_is_left_of_a_file_that_failed(tmp_path: Path, raised: BaseException) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("old", encoding="utf-8")
    for path in (kept, tmp_path / "a" / "b" / "c.txt"):
        wanted = OutputError if isinstance(raised, OSError) else type(raised)
        with pytest.raises(wanted):
            half_written(path, raised)
    assert tree(tmp_path) == ["kept.txt"]
    assert kept.read_text(encoding="utf-8") == "old"


def test_folders_that_somebody_else_uses_stay(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.txt"
    with pytest.raises(OutputError):
        half_written(path, FULL, beside="../theirs.txt")
    assert tree(tmp_path) == ["a", "a/theirs.txt"]


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_disk_that_is_full_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    def fail(*_: object) -> None:
        raise FULL

    path = tmp_path / "a" / "b"
    monkeypatch.setattr(*((os, "fsync") if function == "fsync" else (Path, "replace")), fail)
    message = f"cannot write {path}: no space left on the device; free some or choose another place"
    with pytest.raises(OutputError) as caught:
        write_text(path, "text")
    assert str(caught.value) == message
    with pytest.raises(OutputError) as caught, atomic_folder(path) as temporary:
        (temporary / "c.txt").write_text("text", encoding="utf-8")
    assert str(caught.value) == message
    assert tree(tmp_path) == []


def test_a_file_system_that_cannot_flush_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", fail)
    write_text(tmp_path / "a.txt", "text")
    assert tree(tmp_path) == ["a.txt"]


def test_the_bytes_are_flushed_before_the_name_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, flushed = tmp_path / "run" / "a.txt", []

    def fsync(descriptor: int) -> None:
        flushed.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), path.exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    write_text(path, "text")
    assert flushed == [(False, False), (True, True)]
    path, flushed[:] = tmp_path / "model", []
    with atomic_folder(path) as temporary:
        (temporary / "inner").mkdir()
        (temporary / "inner" / "a.txt").touch()
    assert sorted(flushed) == [(False, False), (True, False), (True, True)]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("file/a", "a part of the path is a file, not a folder"),
        ("file/a/b/c", "a part of the path is a file, not a folder"),
        ("folder", "it is a folder; give a file"),
        ("new/" + "x" * 300 + "/a", "the name is too long for this file system"),
        ("new/" + "x" * 300, "the name is too long for this file system"),
    ],
)
def test_places_where_no_file_can_be(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError) as caught:
        write_text(tmp_path / name, "text")
    assert str(caught.value) == f"cannot write {tmp_path / name}: {reason}"
    assert tree(tmp_path) == ["file", "folder"]


def test_a_place_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for context in (atomic_file, atomic_folder):
        with (
            pytest.raises(OutputError, match=r"^cannot write \.: it has no name of its own; choose one$"),
            context(Path()),
        ):
            pytest.fail("nothing can be written there")


def test_a_folder_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a" / "model"
    with atomic_folder(path) as temporary:
        (temporary / "inner").mkdir()
        (temporary / "inner" / "c.txt").write_text("whole", encoding="utf-8")
        assert not path.exists()
    assert tree(tmp_path) == ["a", "a/model", "a/model/inner", "a/model/inner/c.txt"]


def test_an_empty_folder_may_be_there_already(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.mkdir()
    with atomic_folder(path) as temporary:
        (temporary / "c.txt").touch()
    assert tree(tmp_path) == ["model", "model/c.txt"]


@pytest.mark.parametrize("raised", [FULL, KeyError("bug"), KeyboardInterrupt()])
def test_nothing_is_left_of_a_folder_that_failed(tmp_path: Path, raised: BaseException) -> None:
    wanted = OutputError if isinstance(raised, OSError) else type(raised)
    with pytest.raises(wanted):
        half_filled(tmp_path / "a" / "model", raised)
    assert tree(tmp_path) == []


def test_a_folder_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "c.txt").write_text("theirs", encoding="utf-8")
    (tmp_path / "file").write_text("theirs", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    before = tree(tmp_path)
    for name in ("full", "file", "link"):
        with pytest.raises(OutputError) as caught, atomic_folder(tmp_path / name):
            pytest.fail("nothing can be written there")
        message = f"{tmp_path / name} exists already and is not an empty folder; choose a new name or remove it"
        assert str(caught.value) == message
    assert tree(tmp_path) == before


def test_a_folder_that_is_filled_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "model"

    def write() -> None:
        with atomic_folder(path) as temporary:
            (temporary / "c.txt").write_text("ours", encoding="utf-8")
            path.mkdir()
            (path / "c.txt").write_text("theirs", encoding="utf-8")

    with pytest.raises(OutputError, match="cannot write"):
        write()
    assert (path / "c.txt").read_text(encoding="utf-8") == "theirs"
    assert tree(tmp_path) == ["model", "model/c.txt"]


def test_a_folder_that_may_not_be_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(OutputError) as caught, atomic_folder(tmp_path):
        pytest.fail("nothing can be written there")
    assert str(caught.value) == f"cannot write {tmp_path}: no permission to write there; choose another place"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EACCES, "no permission to write there; choose another place"),
        (errno.EROFS, "the file system is read-only; choose another place"),
        (errno.EDQUOT, "the disk quota is used up; free some space or choose another place"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_reasons(number: int, reason: str) -> None:
    error = OSError(number, os.strerror(number))
    assert reason_of(error) == reason
    with pytest.raises(OutputError) as caught, writing(Path("there")):
        raise error
    assert str(caught.value) == f"cannot write there: {reason}"
    assert caught.value.__cause__ is error


def test_an_error_without_a_number_says_its_text() -> None:
    assert reason_of(OSError("disk on fire")) == "disk on fire"
