"""Replaying a module's kernels as one CUDA graph: a small batch of the optimized network is bound by kernel launches.

A graph holds one shape and dtype of input, and reads and writes its own memory: inputs are copied in, outputs out.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import torch

from hitzoo.errors import first_line
from hitzoo.runtime.float32_precision import precision_in_effect

CAPTURED_CALL = 4
"""A shape is captured at its fourth call: to capture costs as much as several calls, which few replays do not repay."""

Forward = Callable[[torch.Tensor], torch.Tensor]

_log = logging.getLogger(__name__)


class CudaGraphs:
    """Calls `forward` for inference; at its fourth call a shape and dtype is captured, and replayed from then on.

    At most `most` graphs are kept; what comes beyond them, and every tensor that is not on a CUDA device, is called as
    it is. So is a shape whose capture fails, as by a lack of memory. `forward` must be a function of its input and of
    weights that stay where they are (a change of their values is seen; after `.to` or new weights, `clear`), without a
    draw, a copy to the host or a size that depends on values. Threads take turns. For one stream at a time: the graphs
    share their memory.

    Attributes:
        failure: why the first capture that failed did; None while all have succeeded.
    """

    def __init__(self, forward: Forward, *, most: int = 4) -> None:
        self.forward = forward
        self.most = most
        self._calls: Counter[Hashable] = Counter()
        self.failure: str | None = None
        self._failed: set[Hashable] = set()
        self._graphs: dict[Hashable, _Graph] = {}
        self._pool: Any = None
        self._turn = Lock()  # from one thread's input to its output nobody else may write the graph's memory

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return `forward(x)`, in a tensor that no later call overwrites.

        Where a gradient with respect to `x` is needed, `forward` is called directly; a graph would have none.
        """
        if not _on_cuda(x) or (torch.is_grad_enabled() and x.requires_grad):
            return self.forward(x)
        return self._without_gradient(x)

    @torch.no_grad()  # not inference mode, whose tensors may take part in no gradient later
    def _without_gradient(self, x: torch.Tensor) -> torch.Tensor:
        with self._turn:
            graph = self._graph(x)
            return self.forward(x) if graph is None else graph.replay(x)

    def _graph(self, x: torch.Tensor) -> _Graph | None:
        """Return the graph of such an input, captured if it is time for it."""
        kind = (x.shape, x.dtype, x.device, *_arithmetic(x))
        if kind in self._graphs:
            return self._graphs[kind]
        self._calls[kind] += 1
        if self._calls[kind] < CAPTURED_CALL or kind in self._failed or len(self._graphs) >= self.most:
            return None
        self._pool = self._pool or torch.cuda.graph_pool_handle()
        try:
            self._graphs[kind] = _Graph(self.forward, x, self._pool)
        except Exception as error:  # what also fails without a graph is raised by the call without one
            self._note_failure(kind, error)
        return self._graphs.get(kind)

    def _note_failure(self, kind: Hashable, error: Exception) -> None:
        if self.failure is None:
            self.failure = first_line(error)
            _log.warning("no CUDA graph could be captured, so small batches take longer (%s)", self.failure)
        self._failed.add(kind)

    def clear(self) -> None:
        """Discard every graph and release its memory."""
        self.failure = None
        self._calls.clear()
        self._failed.clear()
        self._graphs.clear()
        self._pool = None


class _Graph:
    """The graph of one shape. Its pool of memory is shared: each output is copied out before another graph runs."""

    def __init__(self, forward: Forward, example: torch.Tensor, pool: Any) -> None:
        self.device = example.device
        self.graph = torch.cuda.CUDAGraph()
        with _ordinary_tensors(), torch.cuda.device(self.device), _stream_restored(self.device):
            self.input = example.clone()
            # Of our own: torch's default is one for the process, on the device of the first capture, and kernels on any
            # other device would run beside it, once, and be in no graph.
            stream = torch.cuda.Stream(self.device)
            _warm_up(forward, self.input, stream)
            # thread_local: what another thread does, such as pinning memory, is no business of the capture
            with torch.cuda.graph(self.graph, pool=pool, stream=stream, capture_error_mode="thread_local"):
                self.output = forward(self.input)

    def replay(self, x: torch.Tensor) -> torch.Tensor:
        with torch.cuda.device(self.device):
            self.input.copy_(x)
            self.graph.replay()
            return self.output.clone()


@contextmanager
def _ordinary_tensors() -> Iterator[None]:
    """Make no inference tensors: a graph captured in inference mode is replayed outside of it, too, and written to."""
    with torch.inference_mode(False), torch.no_grad():
        yield


@contextmanager
def _stream_restored(device: torch.device) -> Iterator[None]:
    """Restore the current stream: a capture that fails at its end leaves its own current."""
    before = torch.cuda.current_stream(device)
    try:
        yield
    finally:
        torch.cuda.set_stream(before)


def _warm_up(forward: Forward, x: torch.Tensor, side: torch.cuda.Stream) -> None:
    """Call once on the stream of the capture, for which cuBLAS takes a workspace; earlier calls have built kernels."""
    current = torch.cuda.current_stream()
    side.wait_stream(current)
    with torch.cuda.stream(side):
        forward(x)
    current.wait_stream(side)


def _arithmetic(x: torch.Tensor) -> tuple[Hashable, ...]:
    """Return what else decides which kernels compute: torch's settings of precision, and autocast."""
    kind = x.device.type
    autocast = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else None
    return precision_in_effect(), autocast


def _on_cuda(x: torch.Tensor) -> bool:
    return x.is_cuda and torch.version.cuda is not None and not torch.cuda.is_current_stream_capturing()
