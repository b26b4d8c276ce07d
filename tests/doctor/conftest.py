"""What a check needs of this machine is settled here: one thread, and an empty cache folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import one_thread


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield
