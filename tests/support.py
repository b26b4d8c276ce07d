"""Pieces that the tests of several packages need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from hitzoo.families.load import parse_spec
from hitzoo.sampling.create import create_model
from hitzoo.sampling.generator import Generator

TINY_HIT = """
hitzoo: 1
name: tiny
generator:
  family: hit
  latent_dim: 6
  initial_size: 4
  latent_tokens: 2
  norm: batch
  mlp_expansion: 2
  stages:
    - {channels: 8, heads: 2, depth: 1, attention: multi_axis, block_size: 2}
    - {channels: 4, heads: 2, depth: 1, attention: none}
discriminator: {family: stylegan2, channels: [4, 6]}
"""
"""The networks of a spec of 8×8 pixels with a few hundred weights; a test adds the training it wants."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Tensors this small are faster on one thread, above all where the machine is busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@torch.no_grad()
def shaken_model(text: str) -> Generator:
    """A spec's generator with its initial weights and biases moved at random, so that every input and style counts."""
    model = create_model(parse_spec(text), device="cpu")
    draws = torch.Generator().manual_seed(0)
    for weight in model.parameters():
        weight.add_(0.2 * torch.randn(weight.shape, generator=draws))
    return model


@torch.no_grad()
def fill(module: nn.Module, scale: float) -> nn.Module:
    """Give every tensor of a module values large enough to matter, whatever its initialisation; the same each time."""
    random = torch.Generator().manual_seed(7)
    for name, tensor in module.state_dict().items():
        values = torch.randn(tensor.shape, dtype=tensor.dtype, generator=random)
        tensor.copy_(0.5 + values.abs() if name.endswith("running_var") else scale * values)
    return module
