"""Gradients by the latents: the optimized network's are the generator's, or it would mislead whoever inverts it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from hitzoo.families.fold import fold
from hitzoo.families.hit.fold import stage_kernel
from hitzoo.fold import linear, mlp_kernel
from hitzoo.fold.gradient import needs_gradient
from hitzoo.fold.kernels import kernels_for, plain_kernels
from tests.export.exported import NETWORKS, made

CPU = torch.device("cpu")


def gradient(network: nn.Module, z: torch.Tensor) -> torch.Tensor:
    """Of a sum of all pixels, each with a factor of its own."""
    z = z.clone().requires_grad_()
    images = network(z)
    factors = torch.randn(images.shape, generator=torch.Generator().manual_seed(1))
    (found,) = torch.autograd.grad((images * factors).sum(), z)
    return found


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("kernels", [kernels_for(torch.float32, CPU), plain_kernels()], ids=["fused", "plain"])
def test_gradient_by_the_latents_is_the_generators(name: str, kernels) -> None:
    module = made(NETWORKS[name]).module
    z = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))
    expected = gradient(module, z)
    assert expected.abs().min() > 0
    torch.testing.assert_close(
        gradient(fold(module, kernels), z), expected, rtol=1e-3, atol=1e-4 * expected.abs().max()
    )


def test_image_is_the_same_with_and_without_a_gradient() -> None:
    network = fold(made(NETWORKS["tokens"]).module, kernels_for(torch.float32, CPU))
    z = torch.randn(2, 6, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        alone = network(z)
    assert (network(z.requires_grad_()).detach() - alone).abs().max() < 1e-5 * alone.abs().max()


def test_latents_can_be_optimized(tiny_generator) -> None:
    module = tiny_generator().fast().module
    with torch.no_grad():
        wanted = module(torch.randn(1, 6, generator=torch.Generator().manual_seed(3)))
    z = torch.zeros(1, 6, requires_grad=True)
    optimizer, losses = torch.optim.Adam([z], lr=0.1), []
    for _ in range(60):
        loss = (module(z) - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


def test_fused_product_serves_where_no_gradient_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    network = fold(made(NETWORKS["tokens"]).module, kernels_for(torch.float32, CPU))
    calls: list[int] = []
    product = linear.onednn_product
    monkeypatch.setattr(linear, "onednn_product", lambda *a, **k: calls.append(1) or product(*a, **k))
    z = torch.randn(2, 6, requires_grad=True)
    network(z)
    assert calls == []
    with torch.no_grad():
        network(z)
    network(z.detach())
    assert calls or not kernels_for(torch.float32, CPU).onednn


class LaunchError(Exception):
    """A kernel was."""


def launch(*_: object, **__: object) -> None:
    raise LaunchError


def test_triton_kernels_stand_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, names in ((mlp_kernel, ("fused_mlp", "fused_last_mlp")), (stage_kernel, ("pixel_stage",))):
        for name in names:
            monkeypatch.setattr(module, name, launch)
    monkeypatch.setattr(mlp_kernel, "supports_mlp", lambda *_: True)
    monkeypatch.setattr(stage_kernel, "supports_stage", lambda *_: True)
    network = fold(made(NETWORKS["tokens"]).module, replace(plain_kernels(), triton=True))
    z = torch.randn(2, 6)
    with pytest.raises(LaunchError):
        network(z)
    assert network(z.requires_grad_()).requires_grad


def test_gradient_is_wanted_of_what_requires_one() -> None:
    leaf = torch.zeros(1, requires_grad=True)
    assert needs_gradient(None, leaf)
    assert not needs_gradient(None, leaf.detach())
    with torch.no_grad():
        assert not needs_gradient(leaf)
