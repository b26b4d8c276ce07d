"""CallTimer that take the time they are told to, for tests of what is made of times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch

from hitzoo.bench.subprocess_runner import CallTimer
from hitzoo.bench.variants import SamplingCall


class FakeCalls:
    """`took(call)` says the seconds; everything that was asked is kept in order."""

    def __init__(self, took: Callable[[SamplingCall], float]) -> None:
        self.took = took
        self.asked: list[tuple[str, SamplingCall]] = []

    def seconds(self, call: SamplingCall) -> float:
        self.asked.append(("seconds", call))
        return self.took(call)

    def peak_bytes(self, call: SamplingCall) -> int:
        self.asked.append(("peak", call))
        return 1000 * call.batch

    @contextmanager
    def variant_runners(self, variants: Sequence[str], device: torch.device) -> Iterator[dict[str, CallTimer]]:
        """In place of `subprocess_runner.variant_runners`."""
        yield dict.fromkeys(variants, self)
