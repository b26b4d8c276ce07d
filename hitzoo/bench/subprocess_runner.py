"""Running a variant in a subprocess, so that its allocator is its own.

On CPUs a process whose allocator once kept freed memory serves later calls from it, whatever its habits are then: in
the same process as the optimized variant, the plain one measured a third faster than alone (docs/benchmarks.md).
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Protocol

import torch

from hitzoo.bench.variants import SamplingCall, VariantRunner
from hitzoo.data.parallel_map import init_worker, signals_blocked


class CallTimer(Protocol):
    """Measures calls, in this process or another."""

    def seconds(self, call: SamplingCall) -> float:
        """Time one call."""

    def peak_bytes(self, call: SamplingCall) -> int:
        """Measure the peak bytes of one call."""


@contextmanager
def variant_runners(variants: Sequence[str], device: torch.device) -> Iterator[dict[str, CallTimer]]:
    """Create one runner per variant: on CPUs the plain one in a subprocess, else all in this process.

    The processes alternate, and a waiting one takes no time from the other.
    """
    with ExitStack() as stack:
        yield {
            variant: stack.enter_context(_in_subprocess(variant, device))
            if variant == "plain" and device.type == "cpu"
            else VariantRunner(variant, device)
            for variant in variants
        }


@contextmanager
def _in_subprocess(variant: str, device: torch.device) -> Iterator[CallTimer]:
    context = multiprocessing.get_context("spawn")
    given = (variant, str(device), torch.get_num_threads())
    pool = ProcessPoolExecutor(1, context, initializer=_begin, initargs=given)
    try:
        yield _SubprocessRunner(pool)
    finally:
        pool.shutdown(cancel_futures=True)


class _SubprocessRunner:
    """Sends calls to the single process of a pool."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def seconds(self, call: SamplingCall) -> float:
        with signals_blocked():
            waiting = self._pool.submit(_seconds, call)
        return waiting.result()

    def peak_bytes(self, call: SamplingCall) -> int:
        with signals_blocked():
            waiting = self._pool.submit(_peak_bytes, call)
        return waiting.result()


_runner: VariantRunner  # in the subprocess


def _begin(variant: str, device: str, threads: int) -> None:
    global _runner
    init_worker()
    torch.set_num_threads(threads)
    _runner = VariantRunner(variant, torch.device(device))


def _seconds(call: SamplingCall) -> float:
    return _runner.seconds(call)


def _peak_bytes(call: SamplingCall) -> int:
    return _runner.peak_bytes(call)
