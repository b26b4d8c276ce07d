"""The options of a session that the next one takes over where the run itself is named and no spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from shlex import quote
from typing import Any


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "precision": lambda value: value in ("float32", "tf32", "bf16"),
    "compiled": _is_flag,
    "deterministic": _is_flag,
    "fast": _is_flag,
    "batch_per_device": lambda value: value == "auto" or _is_count(value),
    "log_every": _is_count,
    "sample_every": _is_count,
    "checkpoint_every": _is_count,
    "keep": _is_count,
    "inception_weights": lambda value: isinstance(value, str),
    "log_to": _is_words,
}
_READ: Mapping[str, Callable[[Any], Any]] = {"inception_weights": Path, "log_to": tuple}
_WRITTEN = {"compiled": "--compile", "fast": "--optimized"}


def to_remember(options: Any) -> dict[str, Any]:
    """Of `RunOptions`, as JSON; what is None or empty is left out."""
    found = {name: getattr(options, name) for name in _KINDS}
    return {name: _as_json(value) for name, value in found.items() if value is not None and value != ()}


def _as_json(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value


def remembered(session: Mapping[str, Any], given: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Of a session's record, by the names of `RunOptions`: what is of its kind and was not `given` now."""
    held = session.get("options")
    found = held if isinstance(held, dict) else {}
    kept = {name: found[name] for name, fits in _KINDS.items() if name in found and name not in given}
    kept = {name: value for name, value in kept.items() if _KINDS[name](value)}
    return {name: _READ[name](value) if name in _READ else value for name, value in kept.items()}


def as_words(options: Mapping[str, Any], defaults: Any) -> str:
    """Remembered options that are not the default, as they would be typed."""
    words: list[str] = []
    for name, value in options.items():
        if value is False or value == getattr(defaults, name):
            continue
        option = _WRITTEN.get(name, f"--{name.replace('_', '-')}")
        for one in value if isinstance(value, tuple) else (value,):
            words += [option] if one is True else [option, quote(str(one))]
    return " ".join(words)
