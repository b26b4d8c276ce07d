"""Answers to the questions of an examination, given where torch is loaded: in the worker process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from hitzoo.doctor.catalogue import checks_of
from hitzoo.doctor.check import carry_out
from hitzoo.doctor.probe import probe
from hitzoo.doctor.report import Outline, Result


def answer(question: str, *given: Any) -> Any:
    """Answer one of the questions below, by its name."""
    return _QUESTIONS[question](*given)


def _outlines(devices: tuple[str, ...], full: bool, suspected: tuple[str, ...]) -> list[Outline]:
    return [check.outline for check in checks_of(devices, full=full, suspected=suspected)]


def _result(devices: tuple[str, ...], full: bool, suspected: tuple[str, ...], number: int) -> Result:
    return carry_out(checks_of(devices, full=full, suspected=suspected)[number])


def _turn_off(device: str, reasons: Mapping[str, str]) -> list[str]:
    """Turn exactly these kernels off on a device, for later processes too; return those that are off now."""
    from hitzoo.fold.triton.disabled import disable_kernels, disabled_kernels

    disable_kernels(torch.device(device), reasons.keys(), reasons)
    return sorted(disabled_kernels(torch.device(device)))


_QUESTIONS: Mapping[str, Callable[..., Any]] = {
    "probe": probe,
    "outlines": _outlines,
    "result": _result,
    "turn off": _turn_off,
}
