"""Verification of an exported file against the trained network, by running both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hitzoo.errors import OutputError
from hitzoo.export.format import Network
from hitzoo.export.subject import Subject

BATCHES = (1, 3)  # neither is the traced batch
LIMIT = 1e-4
"""Of the largest value; rounding alone gave 3e-7 to 4e-6 for four specs of the zoo, a wrong operation gives more."""
CODES_LIMIT = 0.01
"""Share of the codes: of two that are nearly as near, rounding may choose the other."""


def differences(network: Network, subject: Subject, path: Path) -> dict[int, float]:
    """Largest difference of the file's outputs from the network's, relative to their largest value, by batch size.

    The network is the one that was trained, not an optimized one that was exported. Of codes, which are names and no
    amounts, it is the share that differs.

    Raises:
        OutputError: a difference is above the limit, or the shape differs; `path` names the file that is not written.
        WeightsError: the network's own outputs are not finite.
    """
    found: dict[int, float] = {}
    for batch in BATCHES:
        inputs = subject.inputs(sum(found), batch)
        wanted = subject.outputs(inputs)
        found[batch], limit = _difference(network(inputs), wanted, subject, path), limit_of(wanted)
        if not found[batch] <= limit:  # so that nan is refused too
            raise OutputError(
                f"{path} is not written: its {subject.output} are not {subject.owner}'s; at batch {batch} they differ"
                f" by {found[batch]:.1e} of the {_whole(wanted)}, {limit:.0e} is allowed."
                " Look at the weights if they were just made, else report it with the spec"
            )
    return found


def limit_of(outputs: NDArray[Any]) -> float:
    """Return the largest difference that is allowed."""
    return LIMIT if _are_amounts(outputs) else CODES_LIMIT


def _whole(outputs: NDArray[Any]) -> str:
    return "largest value" if _are_amounts(outputs) else "codes"


def _are_amounts(outputs: NDArray[Any]) -> bool:
    return np.issubdtype(outputs.dtype, np.floating)


def _difference(found: NDArray[Any], wanted: NDArray[Any], subject: Subject, path: Path) -> float:
    if found.shape != wanted.shape or found.dtype != wanted.dtype:
        raise OutputError(
            f"{path} is not written: its {subject.output} are {found.dtype} {found.shape}, {subject.owner}'s"
            f" {wanted.dtype} {wanted.shape}; report it with the spec"
        )
    if not _are_amounts(wanted):
        return float((found != wanted).mean())
    largest = max(float(np.abs(wanted).max()), float(np.finfo(np.float32).tiny))
    return float(np.abs(found - wanted).max()) / largest
