"""`metrics.jsonl`: one JSON object per line, added to as a run goes on, cut where it is resumed; read without torch."""

from __future__ import annotations

import math
import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hitzoo.files import parse_json, reading, write_text, writing

EVALUATION = "eval/"  # before the name of a metric, as a key of metrics.jsonl
GRADIENT_NORM = "gradient_norm/"  # before the role of a network
CHOSEN = "average"  # the key of the average that an evaluation chose, where there are several
WARNING = "warning"  # key of a line that names a known failure, which shows from then on
OVER = "over"  # beside it: true where that failure shows no more
_MOST_STEPS = 10**12
_LONGEST_LINE = 1 << 20  # letters; what is longer is no record


def evaluation_of(average: str) -> str:
    """Return what stands before the name of a metric of one average, where there are several."""
    return f"eval-{average}/"


def append_line(path: Path, line: str) -> None:
    """Add one whole line to a text file."""
    with writing(path), path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def flush_lines(path: Path) -> None:
    """Put the lines on the disk: before a checkpoint is saved, so that it is never newer than they are."""
    if path.is_file():
        with writing(path), path.open("rb") as file:
            os.fsync(file.fileno())


def cut_after(path: Path, step: int) -> None:
    """Drop the lines of a metrics file that lie after `step`, as a run resumed there will write them again.

    Lines that are none (cut by a crash) are dropped too.
    """
    if not path.is_file():
        return
    with reading(path):
        lines = _lines(path)
    kept = [line for line in lines if _step_of(line) <= step]
    if len(kept) < len(lines):
        write_text(path, "".join(f"{line}\n" for line in kept))


def last_seconds(path: Path) -> float:
    """Return the seconds a run had taken by the last line of its metrics that has them; 0 without one."""
    for record in reversed(list(read_records(path))):
        seconds = as_number(record.get("seconds"))
        if seconds is not None and math.isfinite(seconds):
            return seconds
    return 0.0


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """The lines as objects, in their order; those that are none are passed over, and so is a file that is not there.

    One line is held at a time: a long run has millions.
    """
    if not path.is_file():  # a pipe would be waited for
        return
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            while line := lines.readline(_LONGEST_LINE):
                record = record_of(line)
                if record is not None:
                    yield record
    except OSError:
        return


def last_records(path: Path, count: int, containing: bytes = b"") -> list[dict[str, Any]]:
    """The newest `count` lines as objects, newest first, of those that contain some bytes; little else is read."""
    found: list[dict[str, Any]] = []
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            end = len(text)
            while len(found) < count and (place := text.rfind(containing, 0, end)) >= 0:
                start = text.rfind(b"\n", 0, place) + 1
                record = record_of(text[start:end].split(b"\n", 1)[0].decode("utf-8", "replace"))
                found += [record] if record is not None else []
                end = start - 1
                if end <= 0:
                    break
    except (OSError, ValueError):  # not there, or empty
        pass
    return found


def failures_showing(path: Path) -> tuple[str, ...]:
    """Return the names of the failures that a run has told of and that are not over, in the order of their beginnings.

    Of a thousand changes the newest count.
    """
    names: dict[str, None] = {}
    for line in reversed(last_records(path, 1000, f'"{WARNING}"'.encode())):
        name = line.get(WARNING)
        if isinstance(name, str):
            names.pop(name, None)
            if line.get(OVER) is not True:
                names[name] = None
    return tuple(names)


def record_of(line: str) -> dict[str, Any] | None:
    """A line as an object; None where it is none, as after a crash."""
    try:
        record = parse_json(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def as_number(value: Any) -> float | None:
    """A number as a float; None for what is none, or larger than one can be."""
    if isinstance(value, bool) or not isinstance(value, float | int):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def as_step(value: Any) -> int | None:
    """A whole number that a step can have; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_STEPS else None


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _step_of(line: str) -> float:
    step = as_number((record_of(line) or {}).get("step"))
    return math.inf if step is None or math.isnan(step) else step
