from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from hitzoo.families.load import parse_spec
from hitzoo.sampling.create import create_model
from hitzoo.sampling.generator import Generator
from tests.families.r3gan.variables import TINY as CLASSES
from tests.families.styleswin.variables import TINY as STYLES
from tests.support import TINY_HIT, one_thread


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


def made(text: str) -> Generator:
    """Weights that let every input count."""
    model = create_model(parse_spec(text), device="cpu")
    draws = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.2 * torch.randn(weight.shape, generator=draws))
    return model


@pytest.fixture(scope="package")
def hit() -> Generator:
    return made(TINY_HIT)


@pytest.fixture(scope="package")
def classes() -> Generator:
    return made(CLASSES)


@pytest.fixture(scope="package")
def styles() -> Generator:
    return made(STYLES)
