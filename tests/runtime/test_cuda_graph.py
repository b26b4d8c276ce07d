"""What is captured and when; with a GPU, that a replay is the call."""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext

import pytest
import torch

from hitzoo.runtime import cuda_graph
from hitzoo.runtime.cuda_graph import CudaGraphs


class Counted:
    """Doubles its input, and counts its calls."""

    calls = 0

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return 2 * x


class Replayed:
    """Stands for a graph: captured by one call, replayed without."""

    def __init__(self, forward: Counted, example: torch.Tensor, pool: object) -> None:
        assert pool == "pool"
        forward(example)

    def replay(self, x: torch.Tensor) -> torch.Tensor:
        return 3 * x


@pytest.fixture
def _as_if_on_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_graph, "_on_cuda", lambda x: True)
    monkeypatch.setattr(cuda_graph, "_Graph", Replayed)
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: "pool")


def test_the_cpu_is_called_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_graph, "_Graph", None)
    forward = Counted()
    graphs = CudaGraphs(forward)
    for calls in range(1, 4):
        assert torch.equal(graphs(torch.ones(2)), torch.full((2,), 2.0))
        assert forward.calls == calls


@pytest.mark.usefixtures("_as_if_on_cuda")
def test_a_shape_is_captured_when_it_comes_again() -> None:
    forward = Counted()
    graphs = CudaGraphs(forward)
    for x, factor, calls in [
        (torch.ones(2), 2, 1),
        (torch.ones(2), 3, 2),  # captured, which calls
        (torch.ones(2), 3, 2),
        (torch.ones(3), 2, 3),
        (torch.ones(2, dtype=torch.float64), 2, 4),
        (torch.ones(2), 3, 4),
    ]:
        assert torch.equal(graphs(x), factor * x)
        assert forward.calls == calls
    graphs.clear()
    assert torch.equal(graphs(torch.ones(2)), torch.full((2,), 2.0))


@pytest.mark.usefixtures("_as_if_on_cuda")
def test_there_are_so_many_graphs_and_no_more() -> None:
    graphs = CudaGraphs(Counted(), most=2)
    for _ in range(3):
        last = [graphs(torch.ones(size)).max().item() for size in (1, 2, 3)]
    assert last == [3, 3, 2]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_replay_is_the_call() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(8, 32), torch.nn.GELU(), torch.nn.Linear(32, 4)).cuda()
    graphs = CudaGraphs(network)
    kept = []
    for step in range(4):
        for size in (1, 5):
            x = torch.randn(size, 8, device="cuda") + step
            with torch.inference_mode():
                kept.append((graphs(x), network(x)))
    for found, expected in kept:  # no later replay has written over an earlier output
        torch.testing.assert_close(found, expected)
    with torch.no_grad():
        network[2].bias.add_(1.0)
    torch.testing.assert_close(graphs(x), kept[-1][1] + 1)


@pytest.mark.usefixtures("_as_if_on_cuda")
def test_no_graph_where_a_gradient_is_wanted() -> None:
    graphs, z = CudaGraphs(Counted()), torch.ones(2, requires_grad=True)
    for _ in range(3):
        images = graphs(z)
        assert torch.equal(images, torch.full((2,), 2.0))
        images.sum().backward()
    assert torch.equal(z.grad, torch.full((2,), 6.0))
    with torch.no_grad():
        assert [float(graphs(z)[0]) for _ in range(3)] == [2.0, 3.0, 3.0]


class Static:
    """A graph's memory: one input for all calls, read slowly."""

    def __init__(self, forward: Counted, example: torch.Tensor, pool: object) -> None:
        self.input = example.clone()

    def replay(self, x: torch.Tensor) -> torch.Tensor:
        self.input.copy_(x)
        time.sleep(1e-4)
        return 3 * self.input


@pytest.mark.usefixtures("_as_if_on_cuda")
def test_threads_get_their_own_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_graph, "_Graph", Static)
    graphs = CudaGraphs(Counted())
    for _ in range(2):
        graphs(torch.ones(2))
    wrong: list[int] = []

    def work(number: int) -> None:
        for _ in range(50):
            if not torch.equal(graphs(torch.full((2,), float(number))), torch.full((2,), 3.0 * number)):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_capture_has_a_stream_of_its_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a card: what torch is asked for."""
    asked: list[tuple[str, object]] = []

    class Stream:
        def __init__(self, device: torch.device) -> None:
            self.device = device

        def wait_stream(self, other: object) -> None:
            asked.append(("waits", self.device))

    def graph(graph: object, **options: object) -> nullcontext[None]:
        asked.append(("captures on", options["stream"].device))
        return nullcontext()

    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", object)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: Stream(torch.device("cuda:1")))
    monkeypatch.setattr(torch.cuda, "device", lambda _: nullcontext())
    monkeypatch.setattr(torch.cuda, "stream", lambda _: nullcontext())
    monkeypatch.setattr(torch.cuda, "graph", graph)

    class Second(torch.Tensor):
        device = torch.device("cuda:1")

    cuda_graph._Graph(Counted(), torch.ones(2).as_subclass(Second), "pool")
    assert asked[0] == ("waits", torch.device("cuda:1"))
    assert asked[-1] == ("captures on", torch.device("cuda:1"))
