"""Results of commands, from what they printed."""

from __future__ import annotations

import json
import re
from typing import Any

_WORDS = "PASSED|FAILED|ERROR|SKIPPED|XFAIL"
_OUTCOME = re.compile(rf"^(?P<test>\S+::.+?) (?P<outcome>{_WORDS})\b")
_OUTCOME_OF_WORKER = re.compile(rf"^\[gw\d+\] \[ *\d+%\] (?P<outcome>{_WORDS}) (?P<test>\S+::.+?)\s*$")
_REASON = re.compile(r"^(?:FAILED|ERROR) (\S+::.+?) - (.*)$")
_MOST = 40  # failures that are named


def last_json(printed: str, code: int) -> dict[str, Any]:
    """Return the last JSON object printed, on lines of its own: a command that is ended half-way prints several.

    Raises:
        ValueError: there is none, or the command failed.
    """
    lines = printed.splitlines()
    for first in range(len(lines) - 1, -1, -1):
        if lines[first].startswith("{"):
            try:
                found, _ = json.JSONDecoder().raw_decode("\n".join(lines[first:]))
            except json.JSONDecodeError:
                continue
            if isinstance(found, dict):
                return found
    raise ValueError(f"no result was printed; exit code {code}")


def outcomes_of_tests(printed: str, code: int) -> dict[str, Any]:
    """Return the counts of `pytest -v`, and the tests that failed; also of a session that was ended half-way.

    Raises:
        ValueError: no test ran.
    """
    lines = (_OUTCOME.match(line) or _OUTCOME_OF_WORKER.match(line) for line in printed.splitlines())
    outcomes = {found["test"]: found["outcome"] for found in lines if found}
    if not outcomes:
        raise ValueError(f"no test ran; exit code {code}")
    reasons = {found[1]: found[2] for line in printed.splitlines() if (found := _REASON.match(line))}
    failed = [name for name, outcome in outcomes.items() if outcome in ("FAILED", "ERROR")]
    counts = {word: sum(outcome == word for outcome in outcomes.values()) for word in ("PASSED", "FAILED", "SKIPPED")}
    return {
        **{word.lower(): count for word, count in counts.items()},
        "rows": [{"failed test": name, "reason": reasons.get(name, "")} for name in failed[:_MOST]],
    }
