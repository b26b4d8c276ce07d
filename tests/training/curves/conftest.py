from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.training.curves.written_run import write_run


@pytest.fixture
def enter(tmp_path: Path) -> Callable[..., Path]:
    """Write a run into a folder of that name."""

    def write(name: str, seed: int = 0, **changes: Any) -> Path:
        return write_run(tmp_path / name, seed, **changes)

    return write
