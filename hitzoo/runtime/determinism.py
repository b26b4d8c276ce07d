"""Results to the bit on CUDA: only kernels that add in a fixed order, for `--deterministic`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from hitzoo.errors import RunError

_WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"
_FIXED = (":4096:8", ":16:8")  # the values with which cuBLAS adds in one order
_NO_FORM = re.compile(r"^(\S+) does not have a deterministic implementation")


def fix_workspace() -> None:
    """Fix cuBLAS' workspace for this process, unless its environment does; torch looks once, at the first product."""
    os.environ.setdefault(_WORKSPACE, _FIXED[0])


@contextmanager
def deterministic(wanted: bool = True) -> Iterator[None]:
    """Compute with deterministic kernels inside the block; the caller's settings come back after it.

    On CPUs the results are the same in any case, for one number of threads.

    Raises:
        RunError: an operation has no deterministic kernel, or CUBLAS_WORKSPACE_CONFIG is set to a value that allows
            another order of sums.
    """
    if not wanted:
        yield
        return
    fix_workspace()
    cudnn, filled = torch.backends.cudnn, _filled()
    before = cudnn.deterministic, cudnn.benchmark, filled.fill_uninitialized_memory
    mode = torch.get_deterministic_debug_mode()
    torch.use_deterministic_algorithms(True)
    cudnn.deterministic, cudnn.benchmark = True, False
    filled.fill_uninitialized_memory = False  # no result depends on it, and it costs a pass over every new tensor
    try:
        yield
    except RuntimeError as error:
        if explained := _explained(error):
            raise explained from error
        raise
    finally:
        torch.set_deterministic_debug_mode(mode)
        cudnn.deterministic, cudnn.benchmark, filled.fill_uninitialized_memory = before


def _filled() -> Any:
    """The module whose one property is set by assignment, which type checkers do not see."""
    return torch.utils.deterministic


def _explained(error: RuntimeError) -> RunError | None:
    """Return the message for an error of torch's about determinism, None for any other."""
    if found := _NO_FORM.match(str(error)):
        wrong = f"{found[1]} has no deterministic form on this device in torch {torch.__version__};"
    elif _WORKSPACE in str(error):
        value = os.environ.get(_WORKSPACE, "")
        wrong = "this process computed on the GPU before" if value in _FIXED else f"{_WORKSPACE} is '{value}'"
        wrong += f"; start with {_WORKSPACE}={_FIXED[0]} in the environment, or"
    else:
        return None
    way_on = "the results are then equal up to rounding"
    return RunError(f"deterministic: {wrong} go on with deterministic=False; {way_on}").or_as_option(
        f"--deterministic: {wrong} go on with --no-deterministic; {way_on}"
    )
