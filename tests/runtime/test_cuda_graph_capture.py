"""How a graph is captured, and what is left when that fails, on a card that is played by the CPU."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch

from hitzoo.runtime import cuda_graph
from hitzoo.runtime.cuda_graph import CAPTURED_CALL, CudaGraphs

DEVICE = torch.device("cuda:1")
FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nmore")
FORBIDDEN = RuntimeError("CUDA error: operation not permitted when stream is capturing")


class Stream:
    def __init__(self, device: torch.device | None = None) -> None:
        self.device = device

    def wait_stream(self, other: Stream) -> None:
        """As if it waited."""


class Graph:
    """Computes its output anew from what is in its input."""

    def replay(self) -> None:
        with torch.no_grad():
            self.output.copy_(2 * self.input)


class Card:
    """Streams and graphs as torch has them, and the network that runs on them.

    The current stream at each call of the network is noted. `fails` holds the errors of warm-up, capture and the end of
    the capture, of which the last leaves the capture's stream current, as torch does.
    """

    def __init__(self) -> None:
        self.own = self.current = Stream(DEVICE)
        self.capturing: Graph | None = None
        self.streams: list[Stream] = []
        self.with_gradient = False
        self.fails: dict[str, Exception] = {}

    def network(self, x: torch.Tensor) -> torch.Tensor:
        self.streams.append(self.current)
        self.with_gradient |= torch.is_grad_enabled() and x.requires_grad
        self._fail("capture" if self.capturing else "warm-up" if self.current is not self.own else "call")
        output = 2 * x
        if self.capturing:
            self.capturing.input, self.capturing.output = x, output
        return output

    @contextmanager
    def stream(self, stream: Stream) -> Any:
        before, self.current = self.current, stream
        try:
            yield
        finally:
            self.current = before

    @contextmanager
    def graph(self, graph: Graph, *, pool: object, stream: Stream, capture_error_mode: str) -> Any:
        before, self.current, self.capturing = self.current, stream, graph
        try:
            yield
        finally:
            self.capturing = None
            self._fail("end")
            self.current = before

    def set_stream(self, stream: Stream) -> None:
        self.current = stream

    def _fail(self, step: str) -> None:
        if step in self.fails:
            raise self.fails[step]


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    played = Card()
    for name in ("stream", "graph", "set_stream"):
        monkeypatch.setattr(torch.cuda, name, getattr(played, name))
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device=None: played.current)
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "device", lambda _: nullcontext())
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: "pool")
    monkeypatch.setattr(cuda_graph, "_on_cuda", lambda x: True)
    return played


class OnCuda(torch.Tensor):
    """A tensor that says it is on the second card."""

    device = DEVICE


def test_capture_has_a_stream_of_its_device(card: Card) -> None:
    cuda_graph._Graph(card.network, torch.ones(2).as_subclass(OnCuda), "pool")
    warm_up, capture = card.streams
    assert warm_up is capture is not card.own
    assert capture.device == DEVICE
    assert card.current is card.own


@pytest.mark.parametrize("step", ["warm-up", "capture", "end"])
@pytest.mark.parametrize("error", [FULL, FORBIDDEN])
def test_failed_capture_leaves_the_plain_call(card: Card, caplog, step: str, error: Exception) -> None:
    graphs, shapes = CudaGraphs(card.network), (torch.ones(2), torch.ones(3))
    card.fails[step] = error
    for call in range(2 * CAPTURED_CALL):
        for x in shapes:
            assert torch.equal(graphs(x), 2 * x)
            assert card.current is card.own, call
    tries = [stream for stream in card.streams if stream is not card.own]
    assert len(tries) == len(shapes) * (1 if step == "warm-up" else 2), "each shape is tried once"
    assert [record.getMessage() for record in caplog.records] == [
        f"no CUDA graph could be captured, so small batches take longer ({str(error).splitlines()[0]})"
    ]


def test_failed_capture_may_be_tried_again_after_clear(card: Card) -> None:
    graphs, x = CudaGraphs(card.network), torch.ones(2)
    card.fails["capture"] = FULL
    for _ in range(CAPTURED_CALL):
        graphs(x)
    card.fails.clear()
    graphs.clear()
    for _ in range(CAPTURED_CALL):
        graphs(x)
    calls = len(card.streams)
    assert torch.equal(graphs(x), 2 * x)
    assert len(card.streams) == calls, "replayed"


def test_error_of_the_network_itself_is_raised(card: Card) -> None:
    graphs, x = CudaGraphs(card.network), torch.ones(2)
    for _ in range(CAPTURED_CALL - 1):
        graphs(x)
    card.fails |= {"warm-up": FULL, "call": FULL}
    with pytest.raises(torch.OutOfMemoryError):
        graphs(x)


@pytest.mark.parametrize("captured_in_inference_mode", [True, False])
def test_replays_may_be_written_to_as_calls_may(card: Card, captured_in_inference_mode: bool) -> None:
    graphs, x = CudaGraphs(card.network), torch.ones(2)
    with torch.inference_mode(captured_in_inference_mode):
        for _ in range(CAPTURED_CALL):
            graphs(torch.ones(2))
    calls = len(card.streams)
    for grad in (True, False):
        with torch.set_grad_enabled(grad):
            images = graphs(3 * x)
            assert not images.is_inference()
            assert torch.equal(images.clamp_(-1, 4), 4 * x)
    images.requires_grad_(True).square().sum().backward()
    with torch.inference_mode():
        assert torch.equal(graphs(5 * x), 10 * x)
    with torch.no_grad():  # latents with a gradient that nobody wants here
        assert not graphs(torch.ones(2, requires_grad=True)).requires_grad
    assert len(card.streams) == calls, "all of them replayed"


def test_graph_captured_of_latents_with_a_gradient_has_none(card: Card) -> None:
    graphs, z = CudaGraphs(card.network), torch.ones(2, requires_grad=True)
    with torch.no_grad():
        images = [graphs(z) for _ in range(CAPTURED_CALL + 1)]
    assert not any(image.requires_grad for image in images)
    assert not card.with_gradient, "the fused kernels have none"
