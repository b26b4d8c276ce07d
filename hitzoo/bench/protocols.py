"""Protocols of numbers that stand side by side and differ in what they were measured against."""

from __future__ import annotations

from collections.abc import Iterable

_FEW = 3  # names before the others are counted


def protocols(found: Iterable[tuple[str, str]]) -> list[str]:
    """Write the protocols of numbers, given with their models, each once: `: P`, or of several ` of A, B: P`."""
    told: dict[str, dict[str, None]] = {}
    for model, protocol in found:
        told.setdefault(protocol or "no protocol is told", {})[model] = None
    return [f"{_of(list(models)) if len(told) > 1 else ''}: {protocol}" for protocol, models in told.items()]


def _of(models: list[str]) -> str:
    more = f" and {len(models) - _FEW} more" if len(models) > _FEW else ""
    return f" of {', '.join(models[:_FEW])}{more}"
