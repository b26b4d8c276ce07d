"""Running the parts: each in a process of its own and bounded in time, its result written before the next begins."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.gpu_day.part import Part
from tests.gpu_day.report import write_report

DONE = ("done", "done, with failures", "not possible here")
_LEAST = 15.0  # seconds; a part is not begun with less
_GRACE = 5.0  # seconds between asking a part to end and ending it
_TAIL = 40  # lines
CHECKOUT = Path(__file__).parents[2]


def run_parts(
    parts: Sequence[Part],
    results: Path,
    machine: dict[str, Any],
    *,
    seconds: float = float("inf"),
    again: bool = False,
    tell: Callable[[str], None] = print,
) -> list[dict[str, Any]]:
    """Run the parts within `seconds`, but for those whose result is there; return the results in their order.

    Each result becomes `<name>.json`, and all of them together `results.md`, as soon as it is there. A part that fails,
    prints nothing or takes too long is told of, and the next one begins.
    """
    results.mkdir(parents=True, exist_ok=True)
    _write(results / "machine.json", machine)
    end = time.monotonic() + seconds
    found = []
    for part in parts:
        place = results / f"{part.name}.json"
        known = None if again else _known(place)
        left = end - time.monotonic()
        if known is not None:
            tell(f"{part.name}: there already")
        elif left < min(_LEAST, part.seconds):
            tell(f"{part.name}: not begun, the time is over")
            continue
        else:
            tell(f"{part.name}: {part.shown} (at most {min(part.seconds, left):.0f} s)")
            known = run_part(part, machine, min(part.seconds, left))
            _write(place, known)
            tell(f"{part.name}: {known['status']} after {known['seconds']:.0f} s{_because(known)}")
        found.append(known)
        write_report(results)
    return found


def run_part(part: Part, machine: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Run one part for at most so many seconds; return its result, whatever becomes of it."""
    about = {
        "part": part.name,
        "title": part.title,
        "command": _without_places(part.shown),
        "when": time.strftime("%Y-%m-%d"),
    }
    if machine.get("device") != "cpu" and machine.get("devices", 1) < part.devices:
        return about | {"status": "not possible here", "seconds": 0.0, "reason": f"needs {part.devices} GPUs"}
    began = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as out:
        code = _run(part, out.fileno(), seconds)
        out.seek(0)
        printed = out.read()
    about["seconds"] = round(time.monotonic() - began, 1)
    tail = [_without_places(line) for line in printed.splitlines()[-_TAIL:]]
    try:
        result = part.read(printed, 0 if code is None else code)
    except ValueError as error:
        result, reason = None, str(error)
    if code is None:
        about |= {"status": "ended for its time", "reason": f"{seconds:.0f} s were over"}
    elif result is None:
        about |= {"status": "failed", "reason": reason}
    elif code:
        about |= {"status": "done, with failures", "reason": f"exit code {code}"}
    else:
        about |= {"status": "done"}
    about |= {} if result is None else {"result": result}
    return about if about["status"] == "done" else about | {"printed": tail}


def _run(part: Part, out: int, seconds: float) -> int | None:
    """Return the exit code, None if it was ended."""
    paths = os.pathsep.join([str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": paths, **part.environment}
    streams = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": out}
    process = subprocess.Popen(part.command, cwd=CHECKOUT, env=environment, start_new_session=True, **streams)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what the part has left running: itself, and the processes it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)


def _known(place: Path) -> dict[str, Any] | None:
    """Return a result that is there and need not be made again."""
    with suppress(OSError, ValueError):
        found = json.loads(place.read_text(encoding="utf-8"))
        if isinstance(found, dict) and found.get("status") in DONE:
            return found
    return None


def _because(result: dict[str, Any]) -> str:
    return f": {result['reason']}" if "reason" in result else ""


def _without_places(line: str) -> str:
    """Leave out where the checkout and the user's home are."""
    return line.replace(str(CHECKOUT), ".").replace(str(Path.home()), "~")


def _write(place: Path, data: dict[str, Any]) -> None:
    new = place.with_suffix(".new")
    new.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    new.replace(place)
