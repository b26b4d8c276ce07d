from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from hitzoo.files import atomic_folder
from hitzoo.inference.sample import Generator
from hitzoo.models.build import build_generator
from hitzoo.plan.compile import compile_spec
from hitzoo.spec.load import parse_spec
from hitzoo.zoo.model_folder import write_model

TINY = """
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
training: {batch_size: 4}
"""


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    """Tensors this small are faster on one thread, above all where the machine is busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def tiny_generator() -> Callable[..., Generator]:
    """8×8 pixels; weights large enough for images that differ and leave [-1, 1]."""

    def make(*overrides: str) -> Generator:
        spec = parse_spec(TINY, "tiny", overrides)
        plan = compile_spec(spec)
        module = build_generator(plan)
        random = torch.Generator().manual_seed(7)
        with torch.no_grad():
            for name, tensor in module.state_dict().items():
                values = torch.randn(tensor.shape, generator=random)
                tensor.copy_(0.5 + values.abs() if name.endswith("running_var") else 0.5 * values)
        return Generator(spec, plan, module, torch.device("cpu"))

    return make


@pytest.fixture
def save() -> Callable[[Path, Generator], Path]:
    """Write a generator as a model folder."""

    def write(folder: Path, generator: Generator) -> Path:
        with atomic_folder(folder) as temporary:
            write_model(temporary, generator.spec, generator.plan, generator.module.state_dict())
        return folder

    return write
