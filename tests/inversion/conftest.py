from __future__ import annotations

from collections.abc import Iterator

import pytest

from hitzoo.sampling.generator import Generator
from tests.families.r3gan.variables import TINY as CLASSES
from tests.families.styleswin.variables import TINY as STYLES
from tests.support import TINY_HIT, one_thread, shaken_model


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="package")
def hit() -> Generator:
    return shaken_model(TINY_HIT)


@pytest.fixture(scope="package")
def classes() -> Generator:
    return shaken_model(CLASSES)


@pytest.fixture(scope="package")
def styles() -> Generator:
    return shaken_model(STYLES)
