"""Limits of the system that stop data loading and training: shared memory, open files, locked memory, disk space."""

from __future__ import annotations

import shutil
from pathlib import Path

from hitzoo.doctor.byte_size import byte_size
from hitzoo.doctor.report import Fact, Section

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_SHARED = Path("/dev/shm")
_LITTLE_SHARED = 512 << 20  # bytes; Docker gives 64 MB
_FEW_FILES = 1024
_FULL = 1 << 30  # bytes


def limits() -> Section:
    """Shared memory, open files, locked memory, and space on the disk of the working folder."""
    return Section(
        key="limits",
        title="Limits",
        about="What the system allows this process; a limit that is often met has advice beside it.",
        facts=(_shared_memory(), _open_files(), _locked_memory(), _disk()),
    )


def _unknown(key: str) -> Fact:
    """A limit that this system does not have: null in JSON, and no line."""
    return Fact(key=key, label="", text="", value=None)


def _shared_memory() -> Fact:
    """Shared memory, through which worker processes hand over images."""
    space = _space(_SHARED) if _SHARED.is_dir() else None
    if space is None:
        return _unknown("shared_memory")
    total, free = space
    hint = ""
    if free < _LITTLE_SHARED:
        hint = "little for the images of many --workers; in Docker: docker run --shm-size 1g"
    return Fact(
        key="shared_memory",
        label="/dev/shm",
        text=f"{byte_size(total)}, {byte_size(free)} free",
        value={"total": total, "free": free},
        hint=hint,
    )


def _open_files() -> Fact:
    found = _limit("RLIMIT_NOFILE")
    if found is None:
        return _unknown("open_files")
    soft, hard = found
    hint = "" if soft is None or soft > _FEW_FILES else "few for many --workers; ulimit -n 4096 allows more"
    if hint and hard is not None and hard <= _FEW_FILES:
        hint = "few for many --workers, and only an administrator can allow more"
    return Fact(
        key="open_files",
        label="open files",
        text=f"{_count(soft)}, at most {_count(hard)}",
        value={"soft": soft, "hard": hard},
        hint=hint,
    )


def _locked_memory() -> Fact:
    found = _limit("RLIMIT_MEMLOCK")
    if found is None:
        return _unknown("locked_memory")
    soft, hard = found
    text = "unlimited" if soft is None else byte_size(soft)
    return Fact(key="locked_memory", label="locked memory", text=text, value={"soft": soft, "hard": hard})


def _disk() -> Fact:
    """Free space where runs are written, unless --out names another place."""
    space = _space(Path())
    if space is None:
        return _unknown("disk")
    total, free = space
    hint = "" if free > _FULL else "little for checkpoints; free some, or name another place with --out"
    return Fact(
        key="disk",
        label="disk",
        text=f"{byte_size(free)} free of {byte_size(total)} here",
        value={"total": total, "free": free},
        hint=hint,
    )


def _space(place: Path) -> tuple[int, int] | None:
    """Total and free bytes of a file system."""
    try:
        found = shutil.disk_usage(place)
    except OSError:
        return None
    return found.total, found.free


def _limit(name: str) -> tuple[int | None, int | None] | None:
    """Soft and hard limit, None for unlimited; no pair where the system has no such limit."""
    if resource is None or not hasattr(resource, name):
        return None
    soft, hard = (
        None if limit == resource.RLIM_INFINITY else limit for limit in resource.getrlimit(getattr(resource, name))
    )
    return soft, hard


def _count(number: int | None) -> str:
    return "unlimited" if number is None else f"{number:,}"
