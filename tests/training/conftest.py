from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from hitzoo.spec.load import parse_spec
from hitzoo.spec.types import Spec

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
training:
  optimizer: {kind: adam, form: keras, learning_rate: 0.01}
  ema: {decay: 0.5, start_step: 1}
  batch_size: 4
  steps: 4
data: {source: synthetic}
"""


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    """Tensors this small are faster on one thread, above all where the machine is busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def tiny_spec() -> Callable[..., Spec]:
    """8×8 pixels, a few hundred weights, four steps on synthetic images."""
    return lambda *overrides: parse_spec(TINY, "tiny", overrides)


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[..., Path]:
    """A folder of `count` PNG files of random pixels."""

    def write(count: int = 6, mode: str = "RGB", side: int = 10) -> Path:
        folder = tmp_path / "pictures"
        folder.mkdir()
        random = np.random.default_rng(0)
        for index in range(count):
            shape = (side, side) if mode == "L" else (side, side, len(mode))
            Image.fromarray(random.integers(0, 256, shape, np.uint8)).save(folder / f"{index}.png")
        return folder

    return write
