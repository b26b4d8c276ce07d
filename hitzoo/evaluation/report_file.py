"""A report on the disk: the same comparison may be made again, a report of another one stays."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hitzoo.evaluation.evaluator import Evaluator
from hitzoo.targets import existing, is_taken

_GENERATED = ("weights", "plan", "images", "truncation", "network", "source", "fingerprint")
_REAL = ("source", "fingerprint", "of", "chosen")


def refuse_other_report(path: Path, evaluator: Evaluator, generated: Mapping[str, Any], *, force: bool) -> None:
    """Say before any work that a file holds something else than what an evaluation would write.

    Args:
        generated: the pictures' own facts, as the protocol has them.

    Raises:
        OutputError: it does.
    """
    if not is_taken(path) or force:
        return
    wanted = [metric.name for metric in evaluator.metrics]
    real = evaluator.reals.facts()
    try:
        scores = json.loads(path.read_text(encoding="utf-8"))["scores"]
        found = [(score["metric"], score["protocol"]) for score in scores]
        same = sorted({name for name, _ in found}) == sorted(wanted) and all(
            _agree(protocol["generated"], generated, _GENERATED)
            and (protocol["real"] is None or _agree(protocol["real"], real, _REAL))
            for _, protocol in found
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise existing(path, "and is not a report of `hitzoo eval`") from None
    if not same:
        raise existing(path, "of another comparison")


def _agree(found: Mapping[str, Any], wanted: Mapping[str, Any], keys: Iterable[str]) -> bool:
    return all(found.get(key) == wanted.get(key) for key in keys)
