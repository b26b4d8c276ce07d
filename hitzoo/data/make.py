"""Making of a data set: avatars of one style, numbered, in one zip file."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from hitzoo.data.avatars import draw_avatar, find_style
from hitzoo.data.encoding import images_at_once
from hitzoo.data.ignored_files import LICENSE_NAME
from hitzoo.data.packed import add_member, packed_before, refuse_different_image, refuse_other_members
from hitzoo.data.parallel_map import MOST_WORKERS, parallel_parts
from hitzoo.data.sides import check_side
from hitzoo.errors import RequestError
from hitzoo.targets import file_target, is_taken

_MOST = 10_000_000  # pictures, numbered from 0


@dataclass(frozen=True, kw_only=True)
class MakeReport:
    """Result of making: `number` pictures of a style from `first` on, and the credit that its licence asks for."""

    out: str
    style: str
    number: int
    first: int
    resolution: int
    size: int
    license: str
    credit: str

    def to_json(self) -> dict[str, Any]:
        """Return JSON values; `size` is the file's, in bytes."""
        return asdict(self)


def make_avatars(
    style: str,
    out: Path,
    *,
    number: int = 20_000,
    resolution: int = 64,
    first: int = 0,
    workers: int | None = None,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> MakeReport:
    """Draw avatars of a style of DiceBear into the zip file `out`, with its licence as LICENSE.txt.

    Picture i is always the same one, so that others of the same style (`first` beyond the end of these) are held out.
    The same arguments and releases of dicebear-core, dicebear-styles and resvg-py give the same pixels, and with the
    same Pillow the same bytes, for any number of `workers` (processes; None: one per core). `out` is written completely
    or not at all.

    Raises:
        RequestError: no such style, the packages are missing (`hitzoo[avatars]`), or a number that is out of range.
        OutputError: `out` exists with other content and not `force`, or cannot be written.
    """
    _refuse(out, number, first, workers)
    check_side(resolution)
    found = find_style(style)
    wanted = range(first, first + number)
    with (
        packed_before(out, force=force) as there,
        file_target(out, force=force) as temporary,
        ZipFile(temporary, "w") as file,
        closing(_drawn(style, resolution, wanted, workers)) as pictures,
    ):
        refuse_other_members(out, there, (LICENSE_NAME, *map(_name, wanted)))
        add_member(file, LICENSE_NAME, f"{found.credit}\n".encode())
        for index, picture in zip(wanted, pictures, strict=True):
            name = _name(index)
            refuse_different_image(out, there, name, picture)
            add_member(file, name, picture)
            if progress is not None:
                progress(index + 1 - first, number)
    return MakeReport(
        out=str(out),
        style=style,
        number=number,
        first=first,
        resolution=resolution,
        size=out.stat().st_size,
        license=found.license,
        credit=found.credit,
    )


def _name(index: int) -> str:
    return f"{index // 1000:05}/{index:08}.png"


def _drawn(style: str, resolution: int, wanted: range, workers: int | None) -> Generator[bytes]:
    """Draw the pictures in order, in several processes."""
    step = images_at_once(resolution)
    parts = (wanted[start : start + step] for start in range(0, len(wanted), step))
    return parallel_parts(partial(_draw, style, resolution), parts, images=len(wanted), workers=workers)


def _draw(style: str, resolution: int, indices: range) -> list[bytes]:
    return [draw_avatar(style, index, resolution) for index in indices]


def _refuse(out: Path, number: int, first: int, workers: int | None) -> None:
    """Reject impossible requests before any work."""
    if out.suffix.lower() != ".zip":
        raise RequestError(f"{out}: the name of the file to make must end in .zip")
    if not 1 <= number <= _MOST:
        raise RequestError(f"number {number}: give 1 to {_MOST:,} pictures")
    if not 0 <= first <= _MOST - number:
        raise RequestError(
            f"first {first}: give 0 to {_MOST - number:,}; first and number are at most {_MOST:,} together"
        )
    if workers is not None and not 1 <= workers <= MOST_WORKERS:
        raise RequestError(f"workers {workers}: give 1 to {MOST_WORKERS:,}")
    is_taken(out)  # report a folder of that name at once
