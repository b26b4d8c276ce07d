"""`--threads`: number of threads for torch on a CPU."""

from __future__ import annotations

import os
import sys
from typing import Annotated, TypeAlias

import typer

_ENVIRONMENT = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")  # read once, when torch is imported


def _use(threads: int | None) -> None:
    if threads is None:
        return
    for name in _ENVIRONMENT:
        os.environ[name] = str(threads)
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(threads)


ThreadsOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        callback=_use,
        expose_value=False,
        help="CPU threads to compute with. Default: OMP_NUM_THREADS, or one per core. The last bits of results depend"
        " on their number.",
        show_default=False,
    ),
]
