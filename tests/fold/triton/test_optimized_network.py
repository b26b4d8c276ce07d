"""The folded network with its MLPs and pixel-wise stages by the kernels, against the generator it is of."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.fold import fold
from hitzoo.families.hit.fold.generator import OptimizedHiT
from hitzoo.families.load import parse_spec
from hitzoo.fold.kernels import Kernels, kernels_for, plain_kernels
from hitzoo.fold.mlp_kernel import MLPKernel
from tests.support import fill

SPEC = """
hitzoo: 1
name: tail
generator:
  family: hit
  latent_dim: 6
  initial_size: 4
  latent_tokens: 4
  norm: batch
  mlp_expansion: 2
  stages:
    - {channels: 64, heads: 2, depth: 1, attention: multi_axis, block_size: 2}
    - {channels: 16, heads: 2, depth: 1, attention: none}
    - {channels: 32, heads: 4, depth: 1, attention: none}
    - {channels: 16, heads: 2, depth: 2, attention: none}
discriminator: {family: stylegan2, channels: [4, 6, 6, 6]}
training: {batch_size: 4}
"""


def generator(*overrides: str) -> torch.nn.Module:
    return fill(build_generator(compile_spec(parse_spec(SPEC, "tail", overrides))), scale=0.2).eval()


def kernels_on(device: torch.device) -> Kernels:
    if device.type == "cuda":
        return kernels_for(torch.float32, device)
    return replace(plain_kernels(), triton=True)


def limit_on(device: torch.device) -> float:
    """Of the largest value; three TF32 products are not quite float32's, which `drawn.py` allows for one kernel."""
    return 5e-5 if device.type == "cuda" else 1e-5


def launches(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How often the kernels of whole stages and of MLPs are used."""
    count = {"stage": 0, "mlp": 0}
    for name, place in (("stage", "families.hit.fold.stage_kernel.pixel_stage"), ("mlp", "fold.mlp_kernel.fused_mlp")):
        at = f"hitzoo.{place}"
        module, function = at.rsplit(".", 1)
        original = getattr(__import__(module, fromlist=[function]), function)

        def counted(*given, name=name, original=original, **options):
            count[name] += 1
            return original(*given, **options)

        monkeypatch.setattr(at, counted)
    return count


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("generator.heads_share_kv=false",),
        ("generator.stages.2.to_rgb=false",),
        ("generator.stages.1.to_rgb=false", "generator.stages.2.to_rgb=false"),
        ("generator.stages.3.depth=0",),
    ],
)
def test_stages_by_one_kernel(
    device: torch.device, overrides: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    count = launches(monkeypatch)
    module = generator(*overrides)
    z = torch.randn(2, 6, generator=torch.Generator().manual_seed(1))
    folded = fold(module, kernels_on(device)).to(device)
    assert isinstance(folded, OptimizedHiT)
    images = folded(z.to(device)).cpu()
    assert count["stage"] == 3
    assert count["mlp"] == 2  # of the first stage, behind its two attentions
    expected = module.double()(z.double()).float()
    assert (images - expected).abs().max() <= limit_on(device) * expected.abs().max()


@pytest.mark.parametrize("overrides", [("generator.norm=layer",), ("generator.latent_tokens=3",)])
def test_what_there_is_no_kernel_for_goes_step_by_step(
    device: torch.device, overrides: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    count = launches(monkeypatch)
    module = generator(*overrides)
    z = torch.randn(2, 6, generator=torch.Generator().manual_seed(1))
    images = fold(module, kernels_on(device)).to(device)(z.to(device)).cpu()
    assert count["stage"] == 0
    expected = module.double()(z.double()).float()
    assert (images - expected).abs().max() <= limit_on(device) * expected.abs().max()


def test_the_approximate_gelu_is_asked_for_and_shows(device: torch.device) -> None:
    module = generator()
    z = torch.randn(2, 6, generator=torch.Generator().manual_seed(1)).to(device)
    exact = fold(module, kernels_on(device)).to(device)(z)
    approximate = fold(module, replace(kernels_on(device), gelu="approximate")).to(device)(z)
    assert 1e-6 < (exact - approximate).abs().max() < 1e-2


def test_a_layer_norm_has_no_kernel() -> None:
    block = generator("generator.norm=layer").stages[0].cross.mlp
    layers = (torch.nn.Linear(1, 1), torch.nn.Linear(1, 1))
    assert MLPKernel.create(*layers, block.norm, replace(plain_kernels(), triton=True)) is None  # type: ignore[arg-type]
