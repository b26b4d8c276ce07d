from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from hitzoo.layers.convolution import convolution
from hitzoo.layers.double_backward import by_inputs_alone, twice_differentiable
from hitzoo.layers.downsample import BlurPool

Map = Callable[..., torch.Tensor]


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


class Operations(TorchDispatchMode):
    """Names of the operations that ran, with their outputs' mask where they have one."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, object]] = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.seen.append((function.overloadpacket.__name__, args[-1] if args else None))
        return function(*args, **(kwargs or {}))


def of_penalty(layer: Map, *leaves: torch.Tensor) -> list[torch.Tensor]:
    """Gradients of a function of the output and of the gradient by the first input, by all inputs."""
    leaves = tuple(leaf.clone().requires_grad_() for leaf in leaves)
    out = layer(*leaves)
    with by_inputs_alone():
        (gradient,) = torch.autograd.grad(out.tanh().sum(), leaves[0], create_graph=True)
    (gradient.pow(3).sum() + out.square().sum()).backward()
    return [out.detach(), gradient.detach(), *(leaf.grad for leaf in leaves)]


@pytest.mark.parametrize(("size", "stride", "groups"), [(1, 1, 1), (3, 1, 1), (3, 2, 1), (3, 1, 3)])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_convolution_has_torchs_first_and_second_derivatives(layout, bias, size, stride, groups) -> None:
    leaves = [randn(2, 3, 6, 6).contiguous(memory_format=layout), randn(6, 3 // groups, size, size, seed=1)]
    leaves += [randn(6, seed=2)] if bias else []

    def ours(x: torch.Tensor, weight: torch.Tensor, shift: torch.Tensor | None = None) -> torch.Tensor:
        with twice_differentiable():
            return convolution(x, weight, shift, size // 2, stride=stride, groups=groups)

    def theirs(x: torch.Tensor, weight: torch.Tensor, shift: torch.Tensor | None = None) -> torch.Tensor:
        return F.conv2d(x, weight, shift, padding=size // 2, stride=stride, groups=groups)

    for mine, expected in zip(of_penalty(ours, *leaves), of_penalty(theirs, *leaves), strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-11, atol=1e-11)


def test_blur_has_the_derivatives_of_its_convolution() -> None:
    x, pool = randn(2, 3, 6, 6), BlurPool(3).double()
    kernel = pool.kernel.view(3, 1, 4, 4)
    expected = of_penalty(lambda x: F.conv2d(x, kernel, stride=2, padding=1, groups=3), x)
    for mine, theirs in zip(of_penalty(pool, x), expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("side", [7, 8])
def test_blur_takes_maps_of_odd_sides(side) -> None:
    x = randn(1, 2, side, side).requires_grad_()
    (gradient,) = torch.autograd.grad(BlurPool(2).double()(x).sum(), x)
    assert gradient.shape == x.shape


def test_second_derivative_convolves_nothing_image_by_image() -> None:
    images = randn(2, 4, 8, 8).requires_grad_()
    weight = randn(4, 4, 3, 3, seed=1).requires_grad_()
    pool = BlurPool(4).double()
    with twice_differentiable():
        out = pool(convolution(images, weight, None, 1)).tanh()
    with by_inputs_alone():
        (gradient,) = torch.autograd.grad(out.sum(), images, create_graph=True)
    with torch.autograd.set_multithreading_enabled(False), Operations() as operations:
        gradient.square().sum().backward()
    assert [name for name, _ in operations.seen].count("convolution") == 2  # the direction, through either layer


def test_gradient_by_inputs_alone_leaves_out_the_kernels() -> None:
    images, weight = randn(2, 4, 8, 8).requires_grad_(), randn(4, 4, 3, 3, seed=1).requires_grad_()
    with twice_differentiable():
        out = convolution(images, weight, None, 1)
    with by_inputs_alone(), torch.autograd.set_multithreading_enabled(False), Operations() as operations:
        torch.autograd.grad(out.sum(), images, create_graph=True)
    masks = [tuple(mask) for name, mask in operations.seen if name == "convolution_backward"]
    assert masks == [(True, False, False)]


def test_convolution_follows_autocast() -> None:
    x, weight, bias = randn(1, 2, 4, 4).float(), randn(3, 2, 3, 3).float(), randn(3).float()
    with torch.autocast("cpu", torch.bfloat16):
        expected = F.conv2d(x, weight, bias, padding=1)
        with twice_differentiable():
            found = convolution(x, weight, bias, 1)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found, expected, rtol=1e-2, atol=1e-2)


def test_blur_in_bfloat16_has_the_gradient_of_float32() -> None:
    x = randn(2, 3, 8, 8).bfloat16()
    found, expected = (of_penalty(BlurPool(3).to(dtype), x.to(dtype)) for dtype in (torch.bfloat16, torch.float32))
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.dtype == torch.bfloat16
        assert (mine.float() - theirs).norm() < 0.02 * theirs.norm()
