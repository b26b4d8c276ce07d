"""What compiling the kernels needs: Triton, as a compiler, and a cache of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from hitzoo.fold.triton.support import interpreting


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder for what is compiled; the test is skipped where there is no Triton, or one that interprets."""
    pytest.importorskip("triton")
    if interpreting():
        pytest.skip("the interpreter does not compile")
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    return tmp_path
