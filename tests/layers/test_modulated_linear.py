"""Linear layers with a matrix per image, against loops over images and outputs."""

from __future__ import annotations

import pytest
import torch

from hitzoo.layers.modulated_linear import ModulatedLinear


@pytest.mark.parametrize("demodulate", [False, True])
@pytest.mark.parametrize("gain", [1.0, 1.5])
def test_modulated_linear(demodulate: bool, gain: float) -> None:
    torch.manual_seed(0)
    layer = ModulatedLinear(channels=5, out_channels=3, style_dim=4, demodulate=demodulate, gain=gain).double()
    torch.nn.init.normal_(layer.bias)
    x, w = torch.randn(2, 6, 5).double(), torch.randn(2, 4).double()
    out = layer(x, w)
    for image in range(2):
        style = layer.style.weight @ w[image] / 4**0.5 + layer.style.bias
        for output in range(3):
            row = layer.weight[output] * style / 5**0.5
            row = row / (row.square().sum() + 1e-8).sqrt() if demodulate else row
            torch.testing.assert_close(out[image, :, output], gain * (x[image] @ row + layer.bias[output]))


def test_a_new_layer_leaves_styles_near_one() -> None:
    layer = ModulatedLinear(channels=5, out_channels=3, style_dim=4)
    torch.testing.assert_close(layer.style(torch.zeros(1, 4)), torch.ones(1, 5))


def test_every_parameter_has_a_gradient() -> None:
    layer = ModulatedLinear(channels=5, out_channels=3, style_dim=4)
    layer(torch.randn(2, 6, 5), torch.randn(2, 4)).square().sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in layer.parameters())
