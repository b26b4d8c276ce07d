"""Replaying a module's kernels as one CUDA graph: a small batch of the optimized network is bound by kernel launches.

A graph holds one shape and dtype of input, and reads and writes its own memory: inputs are copied in, outputs out.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

import torch

Forward = Callable[[torch.Tensor], torch.Tensor]
_WARM_UPS = 3  # Triton compiles, cuBLAS takes its workspace, the allocator its blocks


class CudaGraphs:
    """Calls `forward` for inference; a shape and dtype seen a second time is captured, and replayed from then on.

    At most `most` graphs are kept; what comes beyond them, and every tensor that is not on a CUDA device, is called as
    it is. `forward` must be a function of its input and of weights that stay where they are (a change of their values
    is seen; after `.to` or new weights, `clear`), without a draw, a copy to the host or a size that depends on values.
    Threads take turns. For one stream at a time: the graphs share their memory.
    """

    def __init__(self, forward: Forward, *, most: int = 4) -> None:
        self.forward = forward
        self.most = most
        self._seen: set[Hashable] = set()
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
        kind = (x.shape, x.dtype, x.device)
        with self._turn:
            if kind not in self._graphs:
                if kind not in self._seen or len(self._graphs) >= self.most:
                    self._seen.add(kind)
                    return self.forward(x)
                self._pool = self._pool or torch.cuda.graph_pool_handle()
                self._graphs[kind] = _Graph(self.forward, x, self._pool)
            return self._graphs[kind].replay(x)

    def clear(self) -> None:
        """Discard every graph and release its memory."""
        self._seen.clear()
        self._graphs.clear()
        self._pool = None


class _Graph:
    """The graph of one shape. Its pool of memory is shared: each output is copied out before another graph runs."""

    def __init__(self, forward: Forward, example: torch.Tensor, pool: Any) -> None:
        self.device = example.device
        self.input = example.clone()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.device(self.device):
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


def _warm_up(forward: Forward, x: torch.Tensor, side: torch.cuda.Stream) -> None:
    """Warm up on a side stream, as capturing requires."""
    current = torch.cuda.current_stream()
    side.wait_stream(current)
    with torch.cuda.stream(side):
        for _ in range(_WARM_UPS):
            forward(x)
    current.wait_stream(side)


def _on_cuda(x: torch.Tensor) -> bool:
    return x.is_cuda and torch.version.cuda is not None and not torch.cuda.is_current_stream_capturing()
