"""The residual convolutional generator against a straight-line reference, and its gradients."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from hitzoo.families.build import build_discriminator, build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec

TEXT = """
hitzoo: 1
name: small
generator: {family: convnet, latent_dim: 6, channels: [8, 6, 4]}
discriminator: {family: stylegan2, channels: [4, 4, 4]}
training: {batch_size: 2}
"""


@pytest.fixture
def generator():
    torch.manual_seed(0)
    network = build_generator(compile_spec(parse_spec(TEXT))).double()
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            noise = 0.3 * torch.randn_like(tensor)
            tensor.copy_(0.5 + noise.abs() if name.endswith("running_var") else tensor + noise)
    return network


def reference(state: dict[str, torch.Tensor], z: torch.Tensor) -> torch.Tensor:
    def norm(name: str, x: torch.Tensor) -> torch.Tensor:
        mean, var, weight, bias = (
            state[f"{name}.{part}"][:, None, None] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / (var + 1e-3).sqrt() * weight + bias

    def conv(name: str, x: torch.Tensor) -> torch.Tensor:
        weight = state[f"{name}.weight"]
        return F.conv2d(x, weight, state[f"{name}.bias"], padding=weight.shape[-1] // 2)

    def up(x: torch.Tensor) -> torch.Tensor:
        return x.repeat_interleave(2, dim=-2).repeat_interleave(2, dim=-1)

    flat = z @ state["initial.linear.weight"].T + state["initial.linear.bias"]
    x = flat.view(len(z), 4, 4, 8).permute(0, 3, 1, 2)
    for block in ("blocks.0", "blocks.1"):
        main = conv(f"{block}.conv1", up(F.relu(norm(f"{block}.norm1", x))))
        main = conv(f"{block}.conv2", F.relu(norm(f"{block}.norm2", main)))
        x = main + conv(f"{block}.skip", up(x))
    return torch.tanh(conv("head.conv", F.relu(norm("head.norm", x))))


def test_it_is_its_description(generator) -> None:
    z = torch.randn(3, 6, dtype=torch.float64)
    with torch.no_grad():
        image = generator.eval()(z)
        torch.testing.assert_close(image, reference(generator.state_dict(), z), rtol=1e-12, atol=1e-12)
    assert image.shape == (3, 3, 16, 16)
    assert image.is_contiguous(memory_format=torch.channels_last)


def test_every_weight_gets_a_gradient(generator) -> None:
    generator.eval()(torch.randn(3, 6, dtype=torch.float64)).square().sum().backward()
    assert all(weight.grad.abs().max() > 0 for weight in generator.parameters())


def test_it_trains_against_the_same_discriminator(generator) -> None:
    discriminator = build_discriminator(compile_spec(parse_spec(TEXT))).double()
    assert discriminator(generator(torch.randn(2, 6, dtype=torch.float64))).shape == (2,)
