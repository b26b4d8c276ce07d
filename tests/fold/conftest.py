from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from tests.fold.specs import FOUR_STAGES, shape_of_input
from tests.sampling.conftest import tiny_generator
from tests.support import fill

__all__ = ["tiny_generator"]


@pytest.fixture
def generator() -> Callable[..., nn.Module]:
    """A generator of 32×32 pixels in evaluation mode, all its weights and statistics large enough to matter."""

    def make(*overrides: str, text: str = FOUR_STAGES) -> nn.Module:
        plan = compile_spec(parse_spec(text, "four.yaml", overrides))
        return fill(build_generator(plan), scale=0.3).eval().requires_grad_(False)

    return make


@pytest.fixture
def latents() -> Callable[[nn.Module, int], torch.Tensor]:
    def draw(module: nn.Module, count: int) -> torch.Tensor:
        like = next(module.parameters())
        random = torch.Generator().manual_seed(1)
        return torch.randn(count, *shape_of_input(module.plan.takes), generator=random, dtype=like.dtype)

    return draw
