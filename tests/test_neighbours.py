"""Temporary neighbours are made anew, and what killed processes left of them is removed where that is safe."""

from __future__ import annotations

import errno
import logging
import os
import stat
from pathlib import Path

import pytest

from hitzoo import neighbours
from hitzoo.errors import OutputError
from hitzoo.files import atomic_file, atomic_folder, reading, write_text
from hitzoo.neighbours import new_file, remove_leftovers

pytestmark = pytest.mark.skipif(os.name == "nt", reason="locks")


@pytest.fixture
def leftovers(tmp_path: Path) -> list[Path]:
    """What a killed process left of a.zip: a file, and a folder."""
    file, folder = tmp_path / ".a.zip.2a5b000a.tmp", tmp_path / ".a.zip.00000000.tmp"
    file.write_bytes(b"half")
    folder.mkdir()
    (folder / "inner.txt").touch()
    return [file, folder]


def test_leftovers_beside_the_same_name_are_removed(leftovers: list[Path], tmp_path: Path) -> None:
    others = [".b.zip.2a5b000a.tmp", ".a.zip.tmp", "a.zip.2a5b000a.tmp", ".a.zip.2a5b000g.tmp", ".aXzip.2a5b000a.tmp"]
    for name in others:
        (tmp_path / name).touch()
    remove_leftovers(tmp_path / "a.zip")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)
    remove_leftovers(tmp_path / "gone" / "a.zip")


def test_what_is_being_written_stays(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with atomic_file(tmp_path / "a.zip") as temporary, atomic_folder(tmp_path / "b") as folder:
        remove_leftovers(tmp_path / "a.zip")
        remove_leftovers(tmp_path / "b")
        assert temporary.is_file()
        assert folder.is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "b"]
    assert caplog.text == ""


def test_where_there_are_no_locks_leftovers_are_named(
    leftovers: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def without_locks(descriptor: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(neighbours.fcntl, "flock", without_locks)
    with caplog.at_level(logging.WARNING):
        remove_leftovers(tmp_path / "a.zip")
    assert all(str(leftover) in caplog.text for leftover in leftovers)
    assert all(leftover.exists() for leftover in leftovers)
    write_text(tmp_path / "a.txt", "written all the same")
    assert (tmp_path / "a.txt").read_text() == "written all the same"


def test_a_link_in_the_way_is_neither_followed_nor_removed(tmp_path: Path) -> None:
    kept, link = tmp_path / "kept", tmp_path / ".a.zip.2a5b000a.tmp"
    kept.write_text("mine")
    link.symlink_to(kept)
    remove_leftovers(tmp_path / "a.zip")
    with pytest.raises(FileExistsError), new_file(link):
        pass
    assert (link.is_symlink(), kept.read_text()) == (True, "mine")


def test_a_folder_removes_what_was_left_of_it(leftovers: list[Path], tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "a.zip") as folder:
        (folder / "x").touch()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.zip", "x"]


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "a.txt", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


def test_what_cannot_be_read_is_not_said_to_be_unwritable(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"cannot read .*a\.txt: no permission to read it"),
        reading(tmp_path / "a.txt"),
    ):
        raise PermissionError(errno.EACCES, "Permission denied")


def test_names_that_are_not_utf_8_are_written_so_that_json_reads_them(tmp_path: Path) -> None:
    write_text(tmp_path / "a.json", '{"name": "k\udcf6ln"}')
    assert (tmp_path / "a.json").read_bytes() == b'{"name": "k\\udcf6ln"}'
