"""A report on disk: the same comparison may be repeated, the report of a different one is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hitzoo.evaluation.evaluator import Evaluator
from hitzoo.targets import existing, is_taken

_GENERATED = ("weights", "plan", "images", "truncation", "network", "source", "fingerprint")
_REAL = ("source", "fingerprint", "of", "chosen")


def check_same_report(path: Path, evaluator: Evaluator, generated: Mapping[str, Any], *, force: bool) -> None:
    """Check, before any work, that an existing file holds the report of the same comparison.

    Args:
        generated: the images' facts, as in the protocol.

    Raises:
        OutputError: the file holds something else.
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
        raise existing(path, "of a different comparison")


def _agree(found: Mapping[str, Any], wanted: Mapping[str, Any], keys: Iterable[str]) -> bool:
    return all(found.get(key) == wanted.get(key) for key in keys)
