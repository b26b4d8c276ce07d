from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from hitzoo.data.synthetic import Synthetic
from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.sampling.generator import Generator
from tests.backbones.fixtures import backbone, random_backbone
from tests.support import TINY_HIT, fill, one_thread

__all__ = ["backbone", "random_backbone"]


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, and none of what the user may have set."""
    monkeypatch.setenv("HITZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("HITZOO_INCEPTION_WEIGHTS", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def tiny_generator() -> Callable[..., Generator]:
    """8×8 pixels that differ from seed to seed."""

    def make(*overrides: str) -> Generator:
        spec = parse_spec(TINY_HIT, "tiny", ["data.source=synthetic", *overrides])
        plan = compile_spec(spec)
        return Generator(spec, plan, fill(build_generator(plan), scale=0.5), torch.device("cpu"))

    return make


class Shapes:
    """`count` of the built-in images from number `first` on; counts how often one is read."""

    location = "shapes"

    def __init__(self, count: int, first: int = 0, side: int = 32) -> None:
        self.count, self.first, self.reads = count, first, 0
        self.drawn = Synthetic(side)

    def __len__(self) -> int:
        return self.count

    def label(self, index: int) -> str:
        return f"shape {index}"

    def read(self, index: int) -> Image.Image:
        self.reads += 1
        return self.drawn.read(self.first + index)

    def fingerprint(self) -> str:
        return f"shapes-{self.first}-{self.count}"


@pytest.fixture
def noise_folder(tmp_path: Path) -> Callable[..., Path]:
    """A folder of `count` pictures of noise of a mode and size."""

    def make(name: str, count: int, mode: str = "RGB", side: int = 8) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        random = np.random.default_rng(len(name))
        channels = len(mode) if mode != "L" else 1
        for index in range(count):
            pixels = random.integers(0, 256, (side, side, channels), dtype=np.uint8)
            Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(folder / f"{index:03d}.png")
        return folder

    return make
