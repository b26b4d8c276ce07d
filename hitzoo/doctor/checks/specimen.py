"""The small model that checks compute with: seeded weights, none of them trivial, and its results in float64."""

from __future__ import annotations

import math
from collections.abc import Iterable
from copy import deepcopy
from functools import cache

import torch
from torch import nn

from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec, parse_spec
from hitzoo.plan.model import ModelPlan
from hitzoo.sampling.initial import initial_generator
from hitzoo.spec.types import Spec

SPECIMEN = """\
hitzoo: 1
name: specimen
generator:
  family: hit
  latent_dim: 16
  initial_size: 8
  latent_tokens: 4
  norm: batch
  stages:
    - {channels: 64, heads: 4, depth: 1, attention: multi_axis, block_size: 4}
    - {channels: 32, heads: 4, depth: 1, attention: none}
    - {channels: 16, heads: 4, depth: 1, attention: none}
discriminator: {family: stylegan2, channels: [16, 16, 32, 32]}
training:
  batch_size: 8
  steps: 1
  regularizers:
    - {kind: r1, weight: 1.0}
    - {kind: bcr, weight: 1.0}
data: {source: synthetic, resolution: 32}
"""
"""Its attention, MLPs and pixel-wise stages have sizes for which there is a kernel on every device."""

_BIASES, _VARIANCE = 0.1, 0.5


@cache
def specimen() -> tuple[Spec, ModelPlan]:
    """Spec and plan of the small model."""
    spec = parse_spec(SPECIMEN, "specimen")
    return spec, compile_spec(spec)


@cache
def generator_of(name: str = "") -> nn.Module:
    """Generator of a shipped spec, or the small one, on the CPU in evaluation mode; shared, so not to be changed."""
    plan = compile_spec(load_spec(name)) if name else specimen()[1]
    module = initial_generator(plan, seed=0).eval().requires_grad_(False)
    disturb(module)
    return module


@torch.no_grad()
def disturb(module: nn.Module) -> None:
    """Add seeded noise to biases and norms, which begin as zeros and ones that would hide a wrong one."""
    random = torch.Generator().manual_seed(1)
    for name, tensor in module.state_dict().items():
        if tensor.ndim == 1 and tensor.is_floating_point():
            noise = torch.randn(tensor.shape, generator=random)
            tensor.copy_(_VARIANCE + noise.abs() if name.endswith("running_var") else tensor + _BIASES * noise)


def latents(width: int, count: int, *, seed: int = 2) -> torch.Tensor:
    """Seeded normal numbers: [count, width]."""
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


@cache
def expected_images(name: str, count: int) -> torch.Tensor:
    """Images of a generator's first latents in float64: [count, K, R, R]."""
    module = generator_of(name)
    width: int = compile_spec(load_spec(name)).input_width if name else specimen()[1].input_width
    images: torch.Tensor = deepcopy(module).double()(latents(width, count).double())
    return images


def difference(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Largest difference from the reference, divided by the reference's largest value."""
    wanted = expected.detach().cpu().double()
    return ((found.detach().cpu().double() - wanted).abs().max() / wanted.abs().max()).item()


def worst(differences: Iterable[float]) -> float:
    """Largest of several differences; not a number if one is none, which `max` may pass over."""
    found = list(differences)
    return math.nan if any(map(math.isnan, found)) else max(found)
