"""Places as a user writes them: `~`, names no file system has, folders that may not be looked into, no home at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from hitzoo.errors import RequestError

_NOTHING_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EBADF, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL})


def place(written: str | Path) -> Path:
    """The path that is meant: what lies there under exactly this name, else with `~` as the user's home.

    `~photos` may be a folder of that name, or nobody's home: neither is an error here.
    """
    path = Path(written)
    if not str(path).startswith("~") or is_there(path):
        return path
    try:
        return path.expanduser()
    except RuntimeError:  # no user of that name, or no home
        return path


def is_there(path: Path) -> bool:
    """True if there is a file or folder.

    Raises:
        RequestError: it may not be looked at.
    """
    return _mode(path) is not None


def is_file(path: Path) -> bool:
    """True if there is a file. Raises as `is_there`."""
    mode = _mode(path)
    return mode is not None and stat.S_ISREG(mode)


def is_folder(path: Path) -> bool:
    """True if there is a folder. Raises as `is_there`."""
    mode = _mode(path)
    return mode is not None and stat.S_ISDIR(mode)


def from_here(path: Path) -> Path:
    """The path as it is written from the working folder, where it lies below it."""
    try:
        return path.absolute().relative_to(Path.cwd())
    except (OSError, ValueError):
        return path


def caches() -> Path | None:
    """The folder of the user's caches; None where there is no home, as in a container started with a number."""
    shared = os.environ.get("XDG_CACHE_HOME")
    if shared:
        return Path(shared)
    try:
        return Path.home() / ".cache"
    except RuntimeError:
        return None


def hitzoo_cache() -> Path | None:
    """The folder of hitzoo's own cache, $HITZOO_CACHE first; None for a user without a home."""
    own, shared = os.environ.get("HITZOO_CACHE"), caches()
    return Path(own) if own else shared / "hitzoo" if shared else None


def _mode(path: Path) -> int | None:
    """Stat a path, links followed; not by `Path.exists`, whose behaviour differs between versions of Python."""
    try:
        return os.stat(path).st_mode  # noqa: PTH116 - see above
    except ValueError:  # a null byte
        return None
    except OSError as error:
        if error.errno in _NOTHING_THERE:
            return None
        way = "ask for access or choose another place" if isinstance(error, PermissionError) else "look at its disk"
        reason = (error.strerror or str(error)).lower()
        raise RequestError(f"{path} cannot be looked at ({reason}); {way}") from error
