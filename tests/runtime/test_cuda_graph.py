"""What is captured and when; with a GPU, that a replay is the call."""

from __future__ import annotations

import threading
import time

import pytest
import torch

from hitzoo.runtime import cuda_graph
from hitzoo.runtime.cuda_graph import CAPTURED_CALL, CudaGraphs
from tests.float32_settings import reset


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
def test_shape_is_captured_at_its_fourth_call() -> None:
    forward = Counted()
    graphs = CudaGraphs(forward)
    one, other, double = torch.ones(2), torch.ones(3), torch.ones(2, dtype=torch.float64)
    for x, factor, calls in [
        (one, 2, 1),
        (one, 2, 2),
        (other, 2, 3),
        (one, 2, 4),
        (double, 2, 5),
        (one, 3, 6),  # captured, which calls
        (one, 3, 6),
        (other, 2, 7),
        (one, 3, 7),
    ]:
        assert torch.equal(graphs(x), factor * x)
        assert forward.calls == calls
    graphs.clear()
    assert torch.equal(graphs(one), 2 * one)


def captured(graphs: CudaGraphs, x: torch.Tensor) -> bool:
    """Call until it would be captured; whether it was."""
    results = [graphs(x) for _ in range(CAPTURED_CALL)]
    return torch.equal(results[-1], 3 * x)


@pytest.mark.usefixtures("_as_if_on_cuda")
def test_there_are_so_many_graphs_and_no_more() -> None:
    graphs = CudaGraphs(Counted(), most=2)
    assert [captured(graphs, torch.ones(size)) for size in (1, 2, 3)] == [True, True, False]
    assert not captured(CudaGraphs(Counted(), most=0), torch.ones(1))


@pytest.mark.usefixtures("_as_if_on_cuda")
def test_graph_is_of_one_arithmetic() -> None:
    """A graph has the kernels of the settings that it was captured under."""
    graphs, x = CudaGraphs(Counted()), torch.ones(2)
    assert captured(graphs, x)
    try:
        torch.set_float32_matmul_precision("high")
        assert torch.equal(graphs(x), 2 * x)
    finally:
        reset()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(graphs(x), 2 * x)
    assert torch.equal(graphs(x), 3 * x)


@pytest.mark.cuda
def test_a_replay_is_the_call(card: torch.device) -> None:
    network = torch.nn.Sequential(torch.nn.Linear(8, 32), torch.nn.GELU(), torch.nn.Linear(32, 4)).to(card)
    graphs = CudaGraphs(network)
    kept = []
    for step in range(CAPTURED_CALL + 2):
        for size in (1, 5):
            x = torch.randn(size, 8, device=card) + step
            with torch.inference_mode():
                kept.append((graphs(x), network(x)))
    for found, expected in kept:  # no later replay has written over an earlier output
        torch.testing.assert_close(found, expected)
    assert graphs.failure is None
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
        assert captured(graphs, z)


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
    captured(graphs, torch.ones(2))
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
