from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from hitzoo.layers.linear import Linear, linear
from hitzoo.layers.onednn_linear import applies, onednn_linear, without_onednn_linear

pytestmark = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this torch has no oneDNN")

SHAPES = {
    "one row": (1, 5),
    "a tile": (64, 8),
    "three tiles": (192, 8),
    "not whole tiles": (65, 8),
    "three axes": (2, 48, 6),
    "four axes": (2, 4, 16, 6),
    "four axes, not whole tiles": (3, 4, 5, 6),
    "one channel": (64, 1),
    "a vector": (7,),
    "nothing": (0, 8),
    "nothing of four axes": (2, 0, 4, 8),
}


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def results(way, x: torch.Tensor, bias: bool, outer: int) -> list[torch.Tensor]:
    """The product and the gradients by input, weight and bias, for an incoming gradient that is everywhere another."""
    x = x.detach().clone(memory_format=torch.preserve_format).requires_grad_()
    weight = randn(outer, x.shape[-1], seed=1).requires_grad_()
    shift = randn(outer, seed=2).requires_grad_() if bias else None
    out = way(x, weight, shift)
    out.backward(randn(*out.shape, seed=3))
    return [out.detach(), x.grad, weight.grad, *([shift.grad] if shift is not None else [])]


def assert_same(found: list[torch.Tensor], expected: list[torch.Tensor]) -> None:
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.shape == theirs.shape
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("outer", [1, 12])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_product_and_gradients_are_torchs(shape, bias, outer) -> None:
    assert_same(results(onednn_linear, randn(*shape), bias, outer), results(F.linear, randn(*shape), bias, outer))


VIEWS = {
    "permuted": lambda: randn(6, 2, 64).permute(1, 2, 0),
    "every second row": lambda: randn(128, 6)[::2],
    "part of the channels": lambda: randn(64, 9)[:, 2:8],
    "one row for all": lambda: randn(1, 6).expand(64, 6),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS.keys())
def test_the_input_may_lie_in_any_way(view) -> None:
    assert not view().is_contiguous()
    for x in (view(), view().requires_grad_()):
        found, expected = (way(x, randn(5, 6, seed=1), randn(5, seed=2)) for way in (onednn_linear, F.linear))
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-4)
    assert_same(results(onednn_linear, view(), True, 5), results(F.linear, view(), True, 5))


@pytest.mark.parametrize("rows", [64, 65])
def test_the_incoming_gradient_may_lie_in_any_way(rows) -> None:
    found = []
    for way in (onednn_linear, F.linear):
        x, weight = randn(rows, 6).requires_grad_(), randn(5, 6, seed=1).requires_grad_()
        way(x, weight, None).t().contiguous().backward(randn(5, rows, seed=3))
        found.append([x.grad, weight.grad])
        x.grad = weight.grad = None
        way(x, weight, None).sum().backward()  # one number, expanded
        found[-1] += [x.grad, weight.grad]
    assert_same(*found)


@pytest.mark.parametrize("frozen", ["x", "weight", "bias"])
def test_what_does_not_learn_gets_no_gradient(frozen) -> None:
    tensors = {"x": randn(64, 6), "weight": randn(5, 6, seed=1), "bias": randn(5, seed=2)}
    for name, tensor in tensors.items():
        tensor.requires_grad_(name != frozen)
    onednn_linear(*tensors.values()).sum().backward()
    assert [name for name, tensor in tensors.items() if tensor.grad is None] == [frozen]


@pytest.mark.parametrize("last", [torch.mean, lambda out: out.square().mean()], ids=["by a constant", "by the product"])
def test_second_derivative_is_torchs(last) -> None:
    """Of a gradient that does not depend on the product, too: it depends on the weight."""
    found = []
    for way in (onednn_linear, F.linear):
        inputs = [randn(*shape, seed=seed).requires_grad_() for seed, shape in enumerate([(64, 6), (5, 6), (5,)])]
        gradients = torch.autograd.grad(last(way(*inputs)), inputs, create_graph=True)
        found.append(torch.autograd.grad(sum(one.square().sum() for one in gradients), inputs, allow_unused=True))
    assert_same(*([one for one in part if one is not None] for part in found))
    assert [one is None for one in found[0]] == [one is None for one in found[1]]


def way_of(layer: Linear, x: torch.Tensor) -> str:
    """By which product a layer goes."""
    function = layer(x).grad_fn
    while type(function).__name__ in ("ViewBackward0", "ToCopyBackward0"):
        ((function, _),) = function.next_functions
    return type(function).__name__


def test_the_layer_takes_it_where_it_can() -> None:
    layer = linear(6, 5)
    assert way_of(layer, randn(2, 3, 6)) == "_LinearBackward"
    assert_same([layer(randn(4, 6)).detach()], [F.linear(randn(4, 6), layer.weight, layer.bias).detach()])


def test_the_layer_takes_torchs_way_elsewhere() -> None:
    layer, x = linear(6, 5), randn(4, 6)
    assert applies(x)
    with without_onednn_linear():
        assert not applies(x)
        assert way_of(layer, x) == "AddmmBackward0"
        with without_onednn_linear(off=False):
            assert not applies(x)
    with without_onednn_linear(off=False):
        assert applies(x)
    assert applies(x)
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(x).dtype == torch.bfloat16
        assert way_of(layer, x) == "AddmmBackward0"
    assert not applies(x.double())
    assert way_of(linear(6, 5).double(), x.double()) == "AddmmBackward0"
    assert not applies(x.to("meta"))
    assert linear(6, 5).to("meta")(x.to("meta")).shape == (4, 5)


def test_the_compiler_sees_torchs_way() -> None:
    layer, seen = linear(6, 5), []

    def backend(graph: torch.fx.GraphModule, _: object) -> object:
        seen.extend(str(node.target) for node in graph.graph.nodes if node.op == "call_function")
        return graph.forward

    torch.compiler.reset()
    x = randn(4, 6)
    found = torch.compile(layer, backend=backend, fullgraph=True)(x)
    torch.testing.assert_close(found, layer(x), rtol=1e-5, atol=1e-6)
    assert len(seen) == 1
    assert "linear" in seen[0]
    torch.compiler.reset()
