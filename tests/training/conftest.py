from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hitzoo.families.load import parse_spec
from hitzoo.spec.types import Spec
from tests.processes.once import made_once
from tests.processes.start import Starter
from tests.support import TINY_HIT, one_thread

TINY = (
    TINY_HIT
    + """
training:
  optimizer: {kind: adam, form: keras, learning_rate: 0.01}
  ema: {decay: 0.5, start_step: 1}
  batch_size: 4
  steps: 4
data: {source: synthetic}
"""
)


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="session")
def two_processes(tmp_path_factory: pytest.TempPathFactory, start_hitzoo: Starter) -> Path:
    """The folder in which two processes left what they computed."""
    from tests.training.two_processes import run

    return made_once(tmp_path_factory, "two", partial(run, start_hitzoo))


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
