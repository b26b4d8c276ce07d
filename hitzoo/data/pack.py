"""Packing of any source's images, square and of one size, into a zip file that is fast to read.

The layout is that of NVlabs' dataset_tool.py (StyleGAN2-ADA and later): 00000/img00000000.png … and a dataset.json;
members are stored uncompressed, since PNGs are compressed already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from hitzoo.data.encoding import Square, encoded
from hitzoo.data.open import open_source
from hitzoo.data.opening import opening_notes
from hitzoo.data.pack_parts import Parts, unreadable_in_source
from hitzoo.data.packed import add_member, image_name, is_packed, packed_before, refuse_different_image
from hitzoo.data.parallel_map import MOST_WORKERS
from hitzoo.data.processes import ALONE, Processes
from hitzoo.data.source import ImageSource
from hitzoo.errors import DataError, RequestError, UnreadableImage
from hitzoo.neighbours import remove_leftovers
from hitzoo.targets import existing, file_target, is_taken

__all__ = ["PackReport", "Square", "pack"]

_LABELS = b'{"labels": null}'  # dataset.json: no classes


@dataclass(frozen=True)
class PackReport:
    """Result of packing, with name and reason of each image left out; `size` is the zip file's, in bytes."""

    location: str
    out: str
    packed: int
    size: int
    square: Square
    skipped: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "location": self.location,
            "out": self.out,
            "packed": self.packed,
            "size": self.size,
            "resolution": self.square.resolution,
            "channels": self.square.channels,
            "crop": self.square.crop,
            "crop_fraction": self.square.crop_fraction,
            "skipped": [{"name": name, "reason": reason} for name, reason in self.skipped],
        }


def pack(
    location: str,
    out: Path,
    square: Square,
    *,
    workers: int | None = None,
    on_error: str = "stop",
    force: bool = False,
    resume: bool = False,
    processes: Processes = ALONE,
    progress: Callable[[int, int], None] | None = None,
    note: Callable[[str], None] | None = None,
) -> PackReport | None:
    """Write the images at `location` to the zip file `out`, in their order and numbered without gaps.

    The same images and Pillow give the same bytes for any number of `workers` (processes; None: one per core).
    `on_error` is "stop" or "skip". `out` is written completely or not at all. `progress(done, total)` is called after
    images; `note` is called at the beginning with a message on files that are not read.

    With `resume`, or several `processes` that divide the images, finished parts are kept in `OUT.zip.parts` until `out`
    is written; `resume` goes on with those that are there, and packs nothing where `out` holds the images already. The
    first process writes `out` and returns the report, the others return None.

    Raises:
        DataError: not a source of images; an unreadable image, unless `on_error` is "skip"; no readable image.
        OutputError: `out` exists with other images and not `force`, or cannot be written.
        RequestError: `out` does not end in .zip, or `workers` is less than 1.
    """
    _refuse(out, workers, on_error)
    if processes.rank == 0:
        remove_leftovers(out)
    source = open_source(location, resolution=square.resolution)
    if note is not None and processes.rank == 0:
        for line in opening_notes(source, square.resolution, for_training=False):
            note(line)
    follow = progress or (lambda done, total: None)
    if not resume and processes.size == 1:
        images = encoded(source, square, [range(len(source))], workers)
        with closing(images):
            return _write(location, source, images, out, square, on_error, force, follow)
    if processes.broadcast_from_first(lambda: _is_made(source, out, square, on_error, force)):
        return (
            PackReport(location, str(out), len(source), out.stat().st_size, square, ()) if not processes.rank else None
        )
    parts = Parts(source, out, square)
    missing = processes.broadcast_from_first(lambda: parts.begin(resume=resume, force=force))
    parts.make(missing, processes, workers, stop=on_error == "stop", progress=follow)
    processes.barrier()
    if processes.rank:
        return None
    report = _write(location, source, parts.images(), out, square, on_error, force, lambda done, total: None)
    parts.remove()
    return report


def _is_made(source: ImageSource, out: Path, square: Square, on_error: str, force: bool) -> bool:
    """Look whether `out` holds the images already; False where that is to be found out by packing them.

    Raises:
        OutputError: it holds others.
    """
    if force or not is_taken(out):
        return False
    same = is_packed(out, source, square)
    if not same and on_error == "stop":
        raise existing(out, "with other images")
    return same


def _write(
    location: str,
    source: ImageSource,
    images: Iterable[bytes | UnreadableImage],
    out: Path,
    square: Square,
    on_error: str,
    force: bool,
    progress: Callable[[int, int], None],
) -> PackReport:
    skipped: list[tuple[str, str]] = []
    with packed_before(out, force=force) as there, file_target(out, force=force) as temporary:
        with ZipFile(temporary, "w") as file:
            for done, image in enumerate(images):
                if isinstance(image, UnreadableImage):
                    skipped.append(_left_out(image, on_error))
                else:
                    name = image_name(done - len(skipped))
                    refuse_different_image(out, there, name, image)
                    add_member(file, name, image)
                progress(done + 1, len(source))
            add_member(file, "dataset.json", _LABELS)
        if len(skipped) == len(source):
            raise DataError(f"data {location!r}: none of its images ({len(source):,}) is readable")
    return PackReport(location, str(out), len(source) - len(skipped), out.stat().st_size, square, tuple(skipped))


def _refuse(out: Path, workers: int | None, on_error: str) -> None:
    """Reject impossible requests before any work."""
    if out.suffix.lower() != ".zip":
        raise RequestError(f"{out}: the name of the packed file must end in .zip")
    if workers is not None and not 1 <= workers <= MOST_WORKERS:
        raise RequestError(f"workers {workers}: give 1 to {MOST_WORKERS:,}")
    if on_error not in ("stop", "skip"):
        raise RequestError(f"on error {on_error!r}: give stop or skip")
    is_taken(out)  # report a folder of that name at once


def _left_out(image: UnreadableImage, on_error: str) -> tuple[str, str]:
    if on_error == "stop":
        raise unreadable_in_source(image)
    return image.name, image.reason
