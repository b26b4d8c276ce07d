"""The `hitzoo` command as a user runs it, in a folder of its own; what needs a process of its own says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

SPEC = """\
hitzoo: 1
name: tiny
summary: a spec of the tests
generator:
  family: hit
  latent_dim: 16
  initial_size: 8
  stages:
    - {channels: 16, heads: 2, depth: 1, attention: multi_axis}   #  8
    - {channels: 8, heads: 2, depth: 1, attention: none}          # 16
discriminator: {family: stylegan2, channels: [8, 8, 8]}
training:
  regularizers: [{kind: r1, weight: 0.1}]
  batch_size: 4
  steps: 3
data: {source: synthetic}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(SPEC)
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of six readable images of 20×20."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(6):
        Image.new("RGB", (20, 20), (40 * index, 80, 120)).save(folder / f"{index}.png")
    return folder
