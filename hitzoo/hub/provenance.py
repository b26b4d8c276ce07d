"""The provenance of a model, as far as its folder tells: from the run around a checkpoint, or the zoo's record.

What is said goes into a public card, so folders of the machine it was made on are left out.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from hitzoo.zoo.cards import Card
from hitzoo.zoo.evaluation_report import check_report
from hitzoo.zoo.kept_reports import kept_report
from hitzoo.zoo.model_layout import STATE_NAME, average_in_file, folder_of
from hitzoo.zoo.run_layout import RunPaths

_OF_A_MACHINE = re.compile(r"/|~|\.\.|[A-Za-z]:[\\/]")
_COMMAND = ("hitzoo", "hitzoo.exe", "__main__.py")
UNTRAINED = "not trained: these are initial weights"


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """`facts` by what they are of, in the order of the card; `report` is an evaluation of these very weights."""

    facts: Mapping[str, str] = field(default_factory=dict)
    report: Mapping[str, Any] | None = None


def provenance_of(weights: Path, metadata: Mapping[str, Any], card: Card | None) -> Provenance:
    """Gather what is known of a weights file with this header; `card` is the record of a bundled one."""
    if card is not None:
        return Provenance(facts=_of_record(card))
    checkpoint = folder_of(weights)
    run = RunPaths(checkpoint.parent.parent)
    state = read_object(checkpoint / STATE_NAME)
    sessions = read_object(run.about).get("sessions")
    session = sessions[0] if isinstance(sessions, list) and sessions and isinstance(sessions[0], dict) else {}
    place, report = kept_report(checkpoint, weights, average_in_file(weights) or metadata.get("average"))
    return Provenance(
        facts=_of_run({**metadata, **state}, session, _seconds(run.metrics, state.get("step"))),
        report=check_report(report, place) if report else None,
    )


def read_report(path: Path) -> Mapping[str, Any]:
    """The numbers of `hitzoo eval --out FILE.json`, with their protocols.

    Raises:
        RequestError: there are none in it.
    """
    return check_report(read_object(path), path)


def without_folders(value: Any) -> Any:
    """An evaluation with the data sets' names instead of where they lay, also in the sentences that speak of them."""
    text = json.dumps(value)
    for place in sorted(set(_sources(value)), key=len, reverse=True):
        text = text.replace(json.dumps(place)[1:-1], json.dumps(name_of(place))[1:-1])
    return json.loads(text)


def _sources(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (inner for key, inner in value.items() if key == "source" and isinstance(inner, str))
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _sources(inner)


def name_of(location: Any) -> Any:
    """`photos.zip` of `/home/somebody/photos.zip`; what is said without a place of this machine stays as it is."""
    if not isinstance(location, str) or not _OF_A_MACHINE.match(location):
        return location
    return location.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] or location


def read_object(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _of_record(card: Card) -> dict[str, str]:
    made, data = card.provenance, card.data
    return {
        **({"credit": data.credit} if data and data.credit else {}),
        **({"data made by": f"`{data.command}`"} if data and data.command else {}),
        "command": f"`{made['command']}`",
        "seed": str(made["seed"]),
        "length": _length(made["steps"], made["images"]),
        "hardware": str(made["hardware"]),
        "time": f"{made['hours']:g} h, finished {made['date']}",
        "versions": str(made["versions"]),
        **({"measured by": f"`{card.evaluation}`"} if card.evaluation else {}),
    }


def _of_run(known: Mapping[str, Any], session: Mapping[str, Any], seconds: float) -> dict[str, str]:
    step, command = known.get("step"), session.get("command")
    versions = session.get("versions")
    facts = {
        "command": f"`{_command(command)}`" if isinstance(command, list) else "",
        "converted from": f"{known['source']} ({known.get('which', '')})" if "source" in known else "",
        "terms of the source": str(known.get("terms", "")),
        "seed": str(known.get("seed", "")),
        "length": UNTRAINED if step == 0 else _length(step, known.get("images")) if isinstance(step, int) else "",
        "hardware": _hardware(session.get("processes"), session.get("device_name")),
        "time": _time(seconds) if seconds else "",
        "versions": ", ".join(f"{key} {value}" for key, value in versions.items())
        if isinstance(versions, dict)
        else "",
    }
    return {key: value for key, value in facts.items() if value}


def _hardware(processes: Any, device: Any) -> str:
    """`2 × NVIDIA H100`; of the processor, which has no name here, `CPU`."""
    if not isinstance(device, str):
        return ""
    name = device.upper() if device in ("cpu", "mps") else device
    return name if processes in (None, 1) else f"{processes} × {name}"


def _length(steps: int, images: int | None) -> str:
    return f"{steps:,} steps" + (f", {images:,} images" if images else "")


def _time(seconds: float) -> str:
    if seconds < 7200:
        return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
    return f"{seconds / 3600:.1f} h"


def _command(words: Sequence[Any]) -> str:
    """Write the command as it was typed, without folders; for a run made by a program, the program's name."""
    if words and PurePath(str(words[0])).name not in _COMMAND:
        return f"hitzoo.train in {name_of(str(words[0])) or 'Python'}"
    return shlex.join(["hitzoo", *(str(name_of(str(word))) for word in words[1:])])


def _seconds(metrics: Path, step: Any) -> float:
    """Read the seconds that the run had taken at a step from its metrics; 0 where they do not say."""
    try:
        lines = metrics.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return 0.0
    for line in reversed(lines):
        if f'"step": {step},' in line:
            try:
                return float(json.loads(line)["seconds"])
            except (ValueError, KeyError, TypeError):
                return 0.0
    return 0.0
