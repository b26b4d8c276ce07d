"""Where and by what the runs were made: hardware, versions, command and images of every session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import join
from typing import Any, Final

from hitzoo.report.markup import Content, Markup, element
from hitzoo.report.run_facts import RunFacts
from hitzoo.report.table import table

_MOST: Final = 20  # sessions of a run, the newest
_LONGEST: Final = 300  # letters of a value


def session_section(runs: Sequence[RunFacts]) -> Markup:
    """Return a table for each run, with a column for each of its sessions."""
    return element(
        "section",
        element("h2", "Hardware and versions", id="sessions"),
        [_sessions(run) for run in runs],
        aria_labelledby="sessions",
    )


def _sessions(run: RunFacts) -> Markup:
    if not run.sessions:
        return element(
            "p", f"{run.name} does not say what it was trained on: run.json has no session.", class_="missing"
        )
    sessions = run.sessions[-_MOST:]
    columns = [_facts(one) for one in sessions]
    names = list(dict.fromkeys(name for column in columns for name in column))
    rows: list[list[Content]] = [[name, *(column.get(name, "") for column in columns)] for name in names]
    began = len(run.sessions) - len(sessions)
    heads = ["", *(f"session {began + place}" for place in range(1, len(sessions) + 1))]
    return table(f"Sessions of {run.name}", heads, rows, words=range(_MOST + 1))


def _facts(session: Mapping[str, Any]) -> dict[str, str]:
    """Return what a session says, by the words of the page; what it does not say is left out."""
    versions, data, options = (_object(session.get(key)) for key in ("versions", "data", "options"))
    device = session.get("device_name") or session.get("device")
    command = session.get("command")
    listed = [str(word) for word in command] if isinstance(command, list) else []
    found = {
        "started": session.get("started"),
        "device": device if device == session.get("device") else f"{device} ({session.get('device')})",
        "threads": session.get("threads"),
        "processes": session.get("processes"),
        "precision": session.get("precision"),
        "compiled": session.get("compiled"),
        "deterministic": session.get("deterministic"),
        "images at once": session.get("batch_per_device"),
        "data": data.get("source"),
        "images": data.get("images"),
        "initialised from": session.get("init"),
        "tracked by": ", ".join(map(str, options.get("log_to") or [])) if _is_list(options.get("log_to")) else None,
        **{name: versions[name] for name in versions},
        "command": join([listed[0].rpartition("/")[2], *listed[1:]]) if listed else None,
    }
    return {str(name)[:40]: _words(value) for name, value in found.items() if value is not None}


def _words(value: Any) -> str:
    said = {True: "yes", False: "no"}.get(value) if isinstance(value, bool) else None
    words = said or (f"{value:,}" if isinstance(value, int) and abs(value) < 1e15 else str(value))
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_list(value: Any) -> bool:
    return isinstance(value, list)
