"""The numbers of `hitzoo eval --out FILE.json` as a card tells them, checked: anybody may have written the file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hitzoo.errors import RequestError
from hitzoo.zoo.bounds import as_size, beyond

_PARTS = ("generated", "real", "features")  # of a protocol
_COUNTS = (("generated", "images"), ("real", "images"))
_WAY = "`hitzoo eval --out FILE.json` writes such a file"


def check_report(report: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    """The report itself, if every number of it can be told with its protocol.

    Raises:
        RequestError: it has none, or one that is no number.
    """
    scores = report.get("scores")
    if not isinstance(scores, list) or not scores:
        raise RequestError(f"{path} holds no numbers; {_WAY}")
    problem = beyond(dict(report)) or next((said for place in enumerate(scores, 1) for said in _wrong(*place)), "")
    if problem:
        raise RequestError(f"{path} is no evaluation: {problem}; {_WAY}")
    return report


def _wrong(number: int, score: Any) -> Iterator[str]:
    if not isinstance(score, Mapping):
        yield f"score {number} is not a mapping"
        return
    for key in ("name", "metric"):
        if not isinstance(score.get(key), str) or not score[key].strip():
            yield f"score {number} has no {key}"
    if not _is_number(score.get("value")):
        name = score.get("name")
        yield f"the value of score {number}{f', {name[:40]},' if isinstance(name, str) else ''} is not a finite number"
    protocol = score.get("protocol") or {}
    if not isinstance(protocol, Mapping) or not all(isinstance(protocol.get(part) or {}, Mapping) for part in _PARTS):
        yield f"the protocol of score {number} is not a mapping of mappings"
        return
    for part, key in _COUNTS:
        if key in (found := protocol.get(part) or {}) and as_size(found[key]) is None:
            yield f"{part}.{key} of score {number} is not a count"
    if not _is_number((protocol.get("generated") or {}).get("truncation", 1.0)):
        yield f"the truncation of score {number} is not a number"


def _is_number(value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an int beyond every float
        return False
