"""Scalars and grids for TensorBoard, where the `tensorboard` package is there (the extra `tensorboard`).

Only the package's protocol messages are used, and the events are written here and now, one record each: its own writers
do so in a thread of their own, where a full disk is a traceback and not an error.

    a record    length u64 | masked CRC-32C of the length u32 | an Event | masked CRC-32C of the event u32
"""

from __future__ import annotations

import errno
import io
import os
import platform
import struct
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hitzoo.data.crc32c import masked_crc32c
from hitzoo.files import reason_of, writing
from hitzoo.sampling.pictures import to_picture

_FULL = {errno.ENOSPC, errno.EDQUOT}


class ScalarsAndGrids(Protocol):
    """Curves and pictures of a run."""

    @property
    def writing(self) -> bool:
        """True while they are written anywhere."""

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """One point of each curve."""

    def grid(self, step: int, name: str, pixels: NDArray[np.uint8]) -> None:
        """A picture (H, W, 1|3|4)."""

    def close(self) -> None:
        """Nothing more will come."""


def open_tensorboard(folder: Path, *, first_step: int, warn: Callable[[str], None]) -> ScalarsAndGrids:
    """Events into `folder`, of a run whose next step is `first_step`; nothing, silently, without the package.

    Points of `first_step` and later that an earlier session wrote are no longer shown. A later failure is passed
    to `warn` once and ends the events, not the run.

    Raises:
        OutputError: the disk is full, at once or at any later call.
    """
    try:
        from tensorboard.compat.proto.event_pb2 import Event
    except ImportError:
        return Nothing()
    except Exception as error:  # what a package of another time says of its own dependencies
        warn(f"no TensorBoard events: the installed tensorboard does not work ({error})")
        return Nothing()
    return EventFile(folder, Event, first_step, warn)


class Nothing:
    """Stands in where the package is not installed."""

    writing = False

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Nothing."""

    def grid(self, step: int, name: str, pixels: NDArray[np.uint8]) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class EventFile:
    """One session's file of events; TensorBoard reads the files of a folder in the order of their names."""

    def __init__(self, folder: Path, event: Callable[..., Any], first_step: int, warn: Callable[[str], None]) -> None:
        self.writing = True
        self._event = event
        self._warn = warn
        self._path = folder / f"events.out.tfevents.{time.time_ns():020d}.{platform.node()}.{os.getpid()}"
        self._write(file_version="brain.Event:2")
        self._write(step=first_step, session_log={"status": "START"})  # takes back what came at or after this step

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """One point of each curve."""
        points = [{"tag": name, "simple_value": value} for name, value in values.items()]
        self._write(step=step, summary={"value": points})

    def grid(self, step: int, name: str, pixels: NDArray[np.uint8]) -> None:
        """A picture (H, W, 1|3|4)."""
        height, width, channels = pixels.shape
        encoded = io.BytesIO()
        to_picture(pixels).save(encoded, format="PNG")
        image = {"height": height, "width": width, "colorspace": channels, "encoded_image_string": encoded.getvalue()}
        self._write(step=step, summary={"value": [{"tag": name, "image": image}]})

    def close(self) -> None:
        """Nothing more is written; every record is in the file already."""
        self.writing = False

    def _write(self, **fields: Any) -> None:
        if not self.writing:
            return
        try:
            event = self._event(wall_time=time.time(), **fields).SerializeToString()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(_record(event))
        except Exception as error:
            self.writing = False
            if isinstance(error, OSError) and error.errno in _FULL:
                with writing(self._path):
                    raise
            reason = reason_of(error) if isinstance(error, OSError) else str(error)
            self._warn(f"no more TensorBoard events: {self._path}: {reason}")


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return b"".join([length, struct.pack("<I", masked_crc32c(length)), data, struct.pack("<I", masked_crc32c(data))])
