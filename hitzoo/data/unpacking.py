"""The archives of CIFAR and STL-10, unpacked once into hitzoo's cache: what is compressed is not read at any place.

The folder is `archives/KEY` in $HITZOO_CACHE, else $XDG_CACHE_HOME/hitzoo, else ~/.cache/hitzoo. The key is made of the
archive's size, time and end; a folder that has been deleted is made again. It is there whole or not at all, and
processes that want it at once wait for the one that makes it.
"""

from __future__ import annotations

import gzip
import json
import logging
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import IO, cast

from hitzoo.data.published_sets import NEEDED, PublishedSet, set_of
from hitzoo.errors import DataError, HitzooError, OutputError
from hitzoo.files import atomic_folder, parse_json, writing
from hitzoo.places import hitzoo_cache

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_log = logging.getLogger(__name__)

_FORMAT = 1
_CONTENTS = "contents.json"  # sizes of the files
_GZIP = b"\x1f\x8b"
_END = 1024  # bytes; those of a compressed file hold the checksum of its content
_MOST_MEMBERS = 100  # of an archive; the published ones have a dozen
_LARGEST = 4 << 30  # bytes of a member; the largest published one has 2.8 GB
_AT_ONCE = 1 << 20  # bytes
_WAY_ON = "unpack it yourself (tar -xf) and give the folder, or set HITZOO_CACHE to a folder with room"


def is_tar(name: str) -> bool:
    """True if a file is named like a tar archive, compressed by gzip or not."""
    return name.lower().endswith((".tar.gz", ".tgz", ".tar"))


def unpacked(location: str, path: Path) -> tuple[Path, PublishedSet]:
    """The folder of an archive's files of images, unpacked now where it has not been before, and the set in it.

    Raises:
        DataError: the archive is damaged or of something else, or the cache cannot be written.
    """
    cache = hitzoo_cache()
    if cache is None:
        raise DataError(f"data {location!r}: cannot be unpacked: there is no home folder for a cache; {_WAY_ON}")
    folder = cache / "archives" / _key(location, path)
    if (published := _set_in(folder)) is None:
        try:
            published = _unpack(location, path, folder)
        except OutputError as error:
            if (published := _set_in(folder)) is None:  # another process was faster, where there are no locks
                raise DataError(f"data {location!r}: cannot be unpacked: {error}; {_WAY_ON}") from error
    return folder, published


def _key(location: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            file.seek(max(0, status.st_size - _END))
            end = file.read()
    except OSError as error:
        raise DataError(f"data {location!r}: cannot be read: {error.strerror or error}") from error
    return sha256(f"{_FORMAT}\0{status.st_size}\0{status.st_mtime_ns}\0".encode() + end).hexdigest()[:32]


def _set_in(folder: Path) -> PublishedSet | None:
    """The set in a folder of the cache; None where it is not there, or has lost something."""
    try:
        sizes = parse_json((folder / _CONTENTS).read_text(encoding="utf-8"))
        whole = all((folder / name).stat().st_size == size for name, size in sizes.items())
        return set_of(sizes) if whole else None
    except (OSError, ValueError, AttributeError):
        return None


def _unpack(location: str, path: Path, folder: Path) -> PublishedSet:
    with writing(folder), _in_turn(folder.parent):
        if (published := _set_in(folder)) is not None:
            return published
        if folder.exists():
            shutil.rmtree(folder)
        with atomic_folder(folder) as temporary:
            sizes: dict[str, int] = {}
            for name, block in _blocks(location, path):
                if not sizes:
                    _log.warning(
                        "%s is unpacked into %s, once; remove that when nothing reads it any more", path, folder
                    )
                with (temporary / name).open("ab") as file:
                    file.write(block)
                sizes[name] = sizes.get(name, 0) + len(block)
            published = _recognised(location, sizes)
            (temporary / _CONTENTS).write_text(json.dumps(sizes, indent=1) + "\n", encoding="utf-8")
    return published


@contextmanager
def _in_turn(folder: Path) -> Iterator[None]:
    """Hold the folder, made where it is not there, while the block runs; wait while another process holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _blocks(location: str, path: Path) -> Iterator[tuple[str, bytes]]:
    """Read an archive once from its beginning to its end: names and contents, piece by piece, of the files needed."""
    with path.open("rb") as file:
        packed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        stream = cast(IO[bytes], gzip.GzipFile(fileobj=file)) if packed else file
        try:
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                yield from _members(location, archive)
            while stream.read(_AT_ONCE):  # to the end: there is the checksum
                pass
        except HitzooError:
            raise
        except Exception as error:  # tarfile, gzip and zlib raise anything on damaged bytes
            place, size = file.tell(), os.fstat(file.fileno()).st_size
            why = " ".join(str(error).split()) or type(error).__name__
            raise DataError(
                f"data {location!r}: is damaged, truncated or no tar archive: it cannot be read on from byte {place:,}"
                f" of {size:,} ({why}); download it again"
            ) from error


def _members(location: str, archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    seen: set[str] = set()
    for count, member in enumerate(archive):
        if count >= _MOST_MEMBERS:
            raise DataError(f"data {location!r}: {_OTHER}")
        if member.size > _LARGEST:
            raise DataError(
                f"data {location!r}: {member.name} in it has {member.size:,} bytes, too many for a data set"
            )
        name = member.name.rpartition("/")[2]
        if name not in NEEDED or not member.isreg() or member.issparse():
            continue
        if name in seen:
            raise DataError(f"data {location!r}: holds two files {name}; unpack it and give the folder of one set")
        seen.add(name)
        content = archive.extractfile(member)
        assert content is not None, "it is a regular file"
        yield name, b""
        while block := content.read(_AT_ONCE):
            yield name, block


_OTHER = (
    "is not the archive of CIFAR-10, CIFAR-100 or STL-10; unpack an archive of images and give its folder, or"
    " make it a .zip"
)


def _recognised(location: str, names: dict[str, int]) -> PublishedSet:
    try:
        published = set_of(names)
    except ValueError as error:
        raise DataError(f"data {location!r}: {error}") from error
    if published is None:
        raise DataError(f"data {location!r}: {_OTHER}")
    return published
