from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.cli.conftest import SPEC
from tests.support import one_thread


@pytest.fixture
def real_card(card: torch.device) -> torch.device:
    """The device, for what nothing can stand in for."""
    if card.type != "cuda":
        pytest.skip("needs a card itself")
    return card


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """16×16 pixels, three steps on synthetic images."""
    path = tmp_path / "tiny.yaml"
    path.write_text(SPEC)
    return path


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield
