"""A convolution divided by its largest singular value, which follows from the weight alone."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from hitzoo.layers.spectral_conv import SpectralConv, spectral_norm


def test_spectral_norm_is_the_largest_singular_value() -> None:
    random = torch.Generator().manual_seed(0)
    fresh = torch.randn(64, 32, 4, 4, generator=random)
    trained = fresh + 30 * torch.outer(torch.randn(64, generator=random), torch.randn(512, generator=random)).view(
        fresh.shape
    )
    start = SpectralConv(32, 64, 4).start
    for weight, within in ((fresh, 0.12), (trained, 1e-5)):
        exact = float(torch.linalg.matrix_norm(weight.flatten(1), ord=2))
        assert exact * (1 - within) < float(spectral_norm(weight, start)) <= exact * (1 + 1e-5)


def test_gradient_passes_through_the_norm() -> None:
    """A weight times a factor is the same convolution: the gradient has nothing along the weight."""
    torch.manual_seed(0)
    conv = SpectralConv(3, 5, 3)
    conv(torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(1))).square().sum().backward()
    along = (conv.weight.grad * conv.weight.detach()).sum() / conv.weight.grad.norm() / conv.weight.detach().norm()
    assert abs(float(along)) < 1e-4


def test_forward_passes_change_nothing() -> None:
    conv = SpectralConv(3, 5, 4, stride=2)
    before = {name: value.clone() for name, value in conv.named_buffers()}
    x = torch.randn(1, 3, 8, 8)
    first = conv(x)
    assert first.shape == (1, 5, 4, 4)
    assert torch.equal(conv(x), first)
    assert all(torch.equal(value, before[name]) for name, value in conv.named_buffers())
    assert list(conv.state_dict()) == ["weight", "bias"]


@pytest.mark.parametrize(("size", "stride"), [(3, 1), (4, 2)])
def test_convolution_is_torchs_with_the_divided_weight(size: int, stride: int) -> None:
    conv = SpectralConv(3, 5, size, stride=stride)
    torch.nn.init.normal_(conv.bias)
    x = torch.randn(2, 3, 8, 8)
    divided = conv.weight / spectral_norm(conv.weight, conv.start)
    torch.testing.assert_close(conv(x), F.conv2d(x, divided, conv.bias, stride=stride, padding=1))


def test_norm_is_taken_in_float32_under_autocast() -> None:
    conv = SpectralConv(8, 16, 3)
    wanted = spectral_norm(conv.weight, conv.start)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(spectral_norm(conv.weight, conv.start), wanted)
