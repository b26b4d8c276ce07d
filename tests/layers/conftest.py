from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    """Tensors this small are faster on one thread, above all where the machine is busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def randn() -> Callable[..., torch.Tensor]:
    """Standard normal numbers in float64, the same in every run."""

    def draw(*shape: int, seed: int = 0) -> torch.Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))

    return draw


@pytest.fixture
def filled() -> Callable[[nn.Module], nn.Module]:
    """A module in float64 whose every weight is large enough to matter, whatever its initialisation."""

    def fill(module: nn.Module) -> nn.Module:
        module.double()
        random = torch.Generator().manual_seed(7)
        with torch.no_grad():
            for name, tensor in module.state_dict().items():
                values = torch.randn(tensor.shape, dtype=torch.float64, generator=random)
                tensor.copy_(0.5 + values.abs() if name.endswith("running_var") else 0.5 * values)
        return module

    return fill
