"""A full memory as one message, for the verbs that do not go round it themselves, as training does."""

from __future__ import annotations

import sys

from hitzoo.errors import first_line


def describe_full_memory(error: Exception) -> str | None:
    """Describe a failed allocation in one sentence with advice; None for any other error.

    Torch, whose errors have several forms, is not loaded for it: before it is, nothing of its can fail.
    """
    if "torch" not in sys.modules:
        return None
    from hitzoo.training.engine.out_of_memory import is_out_of_memory

    if not is_out_of_memory(error):
        return None
    return (
        f"out of memory ({first_line(error)}); do less at once: --batch-size of sample and eval, --tile of render,"
        " --batch of bench; or take another --device"
    )
