"""Archives are unpacked once, whole or not at all, by one process for all."""

from __future__ import annotations

import errno
import gzip
import io
import logging
import multiprocessing
import os
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hitzoo.data import unpacking
from hitzoo.data.open import open_source
from hitzoo.errors import DataError
from tests.data import published_files as made


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HITZOO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "archives"


@pytest.fixture
def archive(tmp_path: Path, cache: Path) -> Path:
    return made.write_tar_gz(tmp_path / "cifar-10-binary.tar.gz", made.cifar10_binary())


def opened(path: Path) -> list[str]:
    source = open_source(str(path), resolution=8)
    assert all(np.array_equal(source.read(index), made.pixels(index)) for index in range(10))
    return [source.fingerprint()]


def test_archive_is_unpacked_once_and_says_so(archive: Path, cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "hitzoo")
    first = opened(archive)
    (folder,) = cache.iterdir()
    assert f"{archive} is unpacked into {folder}, once" in caplog.text
    assert {path.name for path in folder.iterdir()} == {
        *(name for name in made.cifar10_binary() if name.endswith(".bin")),
        "contents.json",
    }
    caplog.clear()
    times = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert opened(archive) == first
    assert times == {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert not caplog.text


def test_fingerprint_is_that_of_the_archive_not_of_the_cache(archive: Path, cache: Path) -> None:
    first = opened(archive)
    (folder,) = cache.iterdir()
    folder.rename(folder.with_name("other"))
    assert opened(archive) == first
    os.utime(archive, ns=(5, 5))
    assert opened(archive) != first


@pytest.mark.parametrize("loss", ["file", "bytes", "list"])
def test_cache_that_has_lost_something_is_made_anew(archive: Path, cache: Path, loss: str) -> None:
    opened(archive)
    (folder,) = cache.iterdir()
    if loss == "file":
        (folder / "data_batch_4.bin").unlink()
    elif loss == "bytes":
        os.truncate(folder / "data_batch_4.bin", 3073)
    else:
        (folder / "contents.json").write_text("[]")
    opened(archive)


def test_archive_of_equal_size_and_end_is_another_by_its_time(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "a.tar"
    for time_ns, first in ((5, 0), (6, 1)):
        files = {**made.cifar10_binary(), "data_batch_1.bin": made.labelled(range(first, first + 2))}
        path.write_bytes(made.tar(files))
        os.utime(path, ns=(time_ns, time_ns))
        assert np.array_equal(open_source(str(path), resolution=8).read(0), made.pixels(first))


def test_plain_tar_is_read_too(tmp_path: Path, cache: Path) -> None:
    for name in ("a.tar", "b.tar.gz"):
        (tmp_path / name).write_bytes(made.tar(made.cifar10_binary()))
        opened(tmp_path / name)


@pytest.mark.parametrize("size", [0, 1, 100, 5000, -1, -4, -9])
def test_truncated_archive_is_refused_with_the_place_and_leaves_nothing(archive: Path, cache: Path, size: int) -> None:
    content = archive.read_bytes()[: size or None] if size else b""
    archive.write_bytes(content)
    with pytest.raises(DataError) as caught:
        open_source(str(archive), resolution=8)
    assert "is damaged, truncated or no tar archive: it cannot be read on from byte" in str(caught.value)
    assert f" of {len(content):,} (" in str(caught.value)
    assert not list(cache.iterdir())


def test_damaged_archive_is_refused(archive: Path, cache: Path) -> None:
    content = bytearray(archive.read_bytes())
    content[-6] ^= 1  # of the checksum
    archive.write_bytes(content)
    with pytest.raises(DataError, match="is damaged, truncated or no tar archive"):
        open_source(str(archive), resolution=8)
    assert not list(cache.iterdir())


def test_truncated_tar_is_refused(tmp_path: Path, cache: Path) -> None:
    content = made.tar(made.cifar10_binary())
    path = tmp_path / "a.tar"
    for size in (1536, 10_000, 16_000):
        path.write_bytes(content[:size])
        with pytest.raises(DataError, match=r"is damaged, truncated or|lacks data_batch_"):
            open_source(str(path), resolution=8)


def test_archive_of_other_things_is_refused(tmp_path: Path, cache: Path) -> None:
    for name, files in {"a": {"a.png": b"x"}, "b": {}, "c": {f"{number}.png": b"" for number in range(200)}}.items():
        path = made.write_tar_gz(tmp_path / f"{name}.tar.gz", files)
        with pytest.raises(DataError, match="is not the archive of CIFAR-10, CIFAR-100 or STL-10"):
            open_source(str(path), resolution=8)


def test_archive_of_many_files_is_given_up_before_its_end(tmp_path: Path, cache: Path) -> None:
    files = {f"{number}.txt": b"" for number in range(99)}
    path = made.write_tar_gz(tmp_path / "a.tar.gz", {**files, **made.cifar10_binary()})
    with pytest.raises(DataError, match="is not the archive of"):
        open_source(str(path), resolution=8)
    assert not list(cache.iterdir())


def test_archive_with_a_file_twice_is_refused(tmp_path: Path, cache: Path) -> None:
    content = made.tar(made.cifar10_binary())[:-1024].rstrip(b"\0")
    content += bytes(-len(content) % 512) + made.tar(made.cifar10_binary(), "other")
    (tmp_path / "a.tar").write_bytes(content)
    with pytest.raises(DataError, match=r"holds two files data_batch_1.bin"):
        open_source(str(tmp_path / "a.tar"), resolution=8)


def test_member_that_is_too_large_is_refused(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "_LARGEST", 6145)
    with pytest.raises(DataError, match=r"data_batch_1.bin in it has 6,146 bytes, too many"):
        open_source(str(archive), resolution=8)


def test_links_and_paths_out_of_the_archive_lead_nowhere(tmp_path: Path, cache: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(made.labelled(range(2)))
    content = io.BytesIO()
    files = made.cifar10_binary()
    del files["data_batch_1.bin"]
    with tarfile.open(fileobj=content, mode="w") as file:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            link = tarfile.TarInfo("data_batch_1.bin")
            link.type, link.linkname = kind, str(secret)
            file.addfile(link)
        for name, held in files.items():
            member = tarfile.TarInfo(f"../../../{name}")
            member.size = len(held)
            file.addfile(member, io.BytesIO(held))
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(content.getvalue()))
    with pytest.raises(DataError, match=r"lacks data_batch_1.bin"):
        open_source(str(path), resolution=8)
    assert len(open_source(f"{path}:test", resolution=8)) == 2
    assert {entry.name for entry in tmp_path.iterdir()} == {"secret", "cache", "a.tar.gz"}


def test_full_disk_leaves_nothing_and_says_the_way_on(
    archive: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(unpacking.json, "dumps", full)
    with pytest.raises(DataError) as caught:
        open_source(str(archive), resolution=8)
    assert "no space left" in str(caught.value)
    assert "unpack it yourself (tar -xf) and give the folder" in str(caught.value)
    assert not list(cache.iterdir())


def test_user_without_a_home_is_told_the_way_on(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "hitzoo_cache", lambda: None)
    with pytest.raises(DataError, match="there is no home folder for a cache; unpack it yourself"):
        open_source(str(archive), resolution=8)


class _Told(logging.Handler):
    """Counts what is told in a process."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


def open_at_once(path: Path, start: Any, answers: Any) -> None:
    told = _Told()
    logging.getLogger(unpacking.__name__).addHandler(told)
    start.wait(30)
    answers.put((len(open_source(str(path), resolution=8)), told.count))


@pytest.mark.skipif(unpacking.fcntl is None, reason="Windows has no such locks")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_one_of_several_processes_unpacks_and_the_others_wait(
    archive: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = unpacking._blocks

    def slow(location: str, path: Path) -> Iterator[tuple[str, bytes]]:
        time.sleep(0.1)
        yield from blocks(location, path)

    monkeypatch.setattr(unpacking, "_blocks", slow)
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(3), context.Queue()
    processes = [context.Process(target=open_at_once, args=(archive, start, answers)) for _ in range(3)]
    for process in processes:
        process.start()
    assert sorted(answers.get(timeout=60) for _ in processes) == [(10, 0), (10, 0), (10, 1)]
    for process in processes:
        process.join()
    assert len(list(cache.iterdir())) == 1
