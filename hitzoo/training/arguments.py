"""The arguments of `hitzoo.train`, with the rules of the command's options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hitzoo.arguments import positive_number, whole_number
from hitzoo.errors import ArgumentError
from hitzoo.training.run.options import parse_precision
from hitzoo.training.run.trackers.open import TRACKERS, known_trackers


def checked_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Check the arguments given, those that are not None, and return them as `RunOptions` has them.

    Raises:
        ArgumentError: a value that is not possible.
    """
    return {name: _RULES[name](name, value) for name, value in arguments.items() if value is not None}


def _whole(least: int) -> Callable[[str, Any], int]:
    return lambda name, value: whole_number(name, value, least)


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ArgumentError(name, value, "give True or False")
    return value


def _batch_per_device(name: str, value: Any) -> Any:
    if isinstance(value, str) and value == "auto":
        return value
    try:
        return whole_number(name, value, 1)
    except ArgumentError:
        raise ArgumentError(name, value, "give a number of images, 1 or more, or auto") from None


def _path(name: str, value: Any) -> Path:
    if not isinstance(value, str | Path):
        raise ArgumentError(name, value, "give a file")
    return Path(value)


def _trackers(name: str, value: Any) -> tuple[str, ...]:
    words = (value,) if isinstance(value, str) else value
    if not isinstance(words, Sequence) or not all(isinstance(word, str) for word in words):
        raise ArgumentError(name, value, f"give some of {', '.join(TRACKERS)}")
    return known_trackers(words)


_RULES: Mapping[str, Callable[[str, Any], Any]] = {
    "seed": _whole(0),
    "precision": lambda _, value: parse_precision(str(value)),
    "compiled": _flag,
    "deterministic": _flag,
    "optimized": _flag,
    "batch_per_device": _batch_per_device,
    "workers": _whole(0),
    "log_every": _whole(1),
    "sample_every": _whole(1),
    "checkpoint_every": _whole(1),
    "keep": _whole(1),
    "time_limit": lambda name, value: positive_number(name, value, "seconds"),
    "inception_weights": _path,
    "log_to": _trackers,
}
