from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.files import atomic_folder
from hitzoo.sampling.generator import Generator
from hitzoo.zoo.model_folder import write_model
from tests.support import TINY_HIT, fill, one_thread

TINY = (
    TINY_HIT
    + """
training: {batch_size: 4}
"""
)


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture
def tiny_generator() -> Callable[..., Generator]:
    """8×8 pixels; weights large enough for images that differ and leave [-1, 1]."""

    def make(*overrides: str) -> Generator:
        spec = parse_spec(TINY, "tiny", overrides)
        plan = compile_spec(spec)
        module = fill(build_generator(plan), scale=0.5)
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
