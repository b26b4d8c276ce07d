"""Parts of a packing that is divided among processes or can be resumed: a folder of small zip files beside the target.

A part is there whole or not at all, so whatever ends the processes, the parts that are there need not be made again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import PIL

from hitzoo.data.encoding import Square, encoded, images_at_once
from hitzoo.data.packed import add_member
from hitzoo.data.processes import Processes
from hitzoo.data.source import ImageSource
from hitzoo.errors import DataError, OutputError, UnreadableImage
from hitzoo.files import atomic_file, parse_json, write_text, writing
from hitzoo.neighbours import remove_leftovers_of

_FORMAT = 1
_SENDINGS = 8  # to a worker, of a part: little is lost with an unfinished one, and there are not too many files
_REQUEST = "request.json"


class Parts:
    """The parts of packing `source` into `out`, in `OUT.zip.parts`. Part n holds every image of `ranges[n]`."""

    def __init__(self, source: ImageSource, out: Path, square: Square) -> None:
        self.source, self.square = source, square
        self.folder = out.with_name(f"{out.name}.parts")
        size = _SENDINGS * images_at_once(square.resolution)
        self.ranges = [range(first, min(first + size, len(source))) for first in range(0, len(source), size)]

    def begin(self, *, resume: bool, force: bool) -> list[int]:
        """Make the folder, or go on with the one that is there; the numbers of the parts that are still to be made.

        Raises:
            OutputError: the folder holds parts and `resume` is not asked for, or those of another packing.
        """
        request = self._request()
        with writing(self.folder):
            if self.folder.exists() and not (resume and self._stored() == request):
                if not force:
                    raise self._refusal(resume=resume)
                self.remove()
            self.folder.mkdir(parents=True, exist_ok=True)
        names = {self._path(number).name: number for number in range(len(self.ranges))}
        remove_leftovers_of(self.folder, names)
        if self._stored() != request:
            write_text(self.folder / _REQUEST, json.dumps(request, indent=1) + "\n")
        return [number for number in range(len(self.ranges)) if not self._path(number).exists()]

    def make(
        self,
        missing: list[int],
        processes: Processes,
        workers: int | None,
        *,
        stop: bool,
        progress: Callable[[int, int], None],
    ) -> None:
        """Make this process's share of the missing parts; `progress` is called with (images of all, images in all).

        Raises:
            DataError: an image is not readable, and `stop` is set.
        """
        own = missing[processes.rank :: processes.size]
        progress(self._done(), len(self.source))
        with closing(encoded(self.source, self.square, [self.ranges[number] for number in own], workers)) as images:
            for number in own:
                content = list(islice(images, len(self.ranges[number])))
                self._write(number, content, stop=stop)
                progress(self._done(), len(self.source))

    def images(self) -> Iterator[bytes | UnreadableImage]:
        """The images of all parts in order, each as a PNG file or the reason why it cannot be read.

        Raises:
            DataError: a part is missing or damaged.
        """
        for number, part in enumerate(self.ranges):
            path = self._path(number)
            try:
                with ZipFile(path) as file:
                    names = set(file.namelist())
                    for index in part:
                        if _unreadable(index) in names:
                            yield UnreadableImage(*json.loads(file.read(_unreadable(index))))
                        else:
                            yield file.read(_readable(index))
            except (OSError, BadZipFile, KeyError, ValueError) as error:
                raise DataError(f"{path} is missing or damaged ({error}); remove it and go on with --resume") from error

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.folder)

    def _write(self, number: int, content: list[bytes | UnreadableImage], *, stop: bool) -> None:
        with atomic_file(self._path(number)) as temporary, ZipFile(temporary, "w") as file:
            for index, image in zip(self.ranges[number], content, strict=True):
                if not isinstance(image, UnreadableImage):
                    add_member(file, _readable(index), image)
                elif stop:
                    raise unreadable_in_source(image)
                else:
                    add_member(file, _unreadable(index), json.dumps([image.name, image.reason]).encode())

    def _done(self) -> int:
        return sum(len(part) for number, part in enumerate(self.ranges) if self._path(number).exists())

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06}.zip"

    def _request(self) -> dict[str, Any]:
        """All that the bytes of a part depend on."""
        return {
            "format": _FORMAT,
            "fingerprint": self.source.fingerprint(),
            "images": len(self.source),
            "images_of_a_part": len(self.ranges[0]),
            "pillow": PIL.__version__,
            **asdict(self.square),
        }

    def _stored(self) -> Any:
        try:
            return parse_json((self.folder / _REQUEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def _refusal(self, *, resume: bool) -> OutputError:
        whose = "of other images or settings" if resume else "of an unfinished packing"
        there = f"{self.folder} holds parts {whose}"
        go_on = "" if resume else "resume=True goes on with them, "
        return OutputError(f"{there}; {go_on}force=True begins anew").or_as_option(
            f"{there}; {go_on.replace('resume=True', '--resume')}--force begins anew"
        )


def unreadable_in_source(image: UnreadableImage) -> DataError:
    """The error for an image that is not to be skipped."""
    return DataError(f"{image}; remove it from the source, or skip unreadable images: --on-error skip")


def _readable(index: int) -> str:
    return f"{index:08}.png"


def _unreadable(index: int) -> str:
    return f"{index:08}.json"
