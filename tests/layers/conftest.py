from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn

from tests.support import fill, one_thread


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture
def randn() -> Callable[..., torch.Tensor]:
    """Standard normal numbers in float64, the same in every run."""

    def draw(*shape: int, seed: int = 0) -> torch.Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))

    return draw


@pytest.fixture
def filled() -> Callable[[nn.Module], nn.Module]:
    """A module in float64 whose every weight is large enough to matter, whatever its initialisation."""

    return lambda module: fill(module.double(), scale=0.5)
