"""The caches that hitzoo and its libraries keep, and their sizes. No path is told but below the home folder."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hitzoo.doctor.byte_size import byte_size
from hitzoo.doctor.report import Fact, Section

_PATIENCE = 2.0  # seconds that a cache's files are counted


@dataclass(frozen=True)
class _Cache:
    """`variables` name the folder, the first that is set, each with what is appended; else it is `usual`.

    Of the `usual` place, the part that is told to people is `~/…`.
    """

    key: str
    label: str
    variables: tuple[tuple[str, str], ...]
    usual: str


_CACHES = (
    _Cache("hitzoo", "hitzoo", (("HITZOO_CACHE", ""), ("XDG_CACHE_HOME", "hitzoo")), "~/.cache/hitzoo"),
    _Cache(
        "hub",
        "pulled models",
        (("HF_HUB_CACHE", ""), ("HF_HOME", "hub"), ("XDG_CACHE_HOME", "huggingface/hub")),
        "~/.cache/huggingface/hub",
    ),
    _Cache("torch_hub", "torch hub", (("TORCH_HOME", ""), ("XDG_CACHE_HOME", "torch")), "~/.cache/torch"),
    _Cache("triton", "Triton", (("TRITON_CACHE_DIR", ""), ("TRITON_HOME", ".triton/cache")), "~/.triton/cache"),
    _Cache("compiler", "torch.compile", (("TORCHINDUCTOR_CACHE_DIR", ""),), ""),
)


def caches() -> Section:
    """Place and size of each cache."""
    return Section(
        key="caches",
        title="Caches",
        about="Files that may be removed at any time; they are made or fetched again.",
        facts=tuple(_fact(cache) for cache in _CACHES),
    )


def _fact(cache: _Cache) -> Fact:
    told, place = _place(cache)
    size, whole = _size(place) if place is not None else (0, True)
    amount = f"{'' if whole else 'more than '}{byte_size(size)}" if size else "empty"
    value = {"place": told, "bytes": size, "complete": whole}
    return Fact(key=cache.key, label=cache.label, text=f"{amount}, {told}", value=value)


def _place(cache: _Cache) -> tuple[str, Path | None]:
    """Return a cache's place, as it is told and as it is."""
    for name, below in cache.variables:
        if value := os.environ.get(name):
            return "/".join(filter(None, (f"${name}", below))), Path(value) / below
    if not cache.usual:
        return "in the folder for temporary files", _of_the_compiler()
    try:
        return cache.usual, Path(cache.usual).expanduser()
    except RuntimeError:  # no home
        return "no home folder", None


def _of_the_compiler() -> Path | None:
    """The folder that torch.compile names after the user."""
    import getpass

    try:
        return Path(tempfile.gettempdir()) / f"torchinductor_{getpass.getuser()}"
    except (KeyError, OSError):
        return None


def _size(folder: Path, clock: Callable[[], float] = time.monotonic) -> tuple[int, bool]:
    """Count the bytes of the files below a folder, links not followed; False where it took too long to count all."""
    end, size = clock() + _PATIENCE, 0
    seen: set[tuple[int, int]] = set()
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                found = os.lstat(Path(parent, name))
            except OSError:
                continue
            if (found.st_dev, found.st_ino) not in seen:
                seen.add((found.st_dev, found.st_ino))
                size += found.st_size
        if clock() > end:
            return size, False
    return size, True
