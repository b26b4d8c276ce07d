from __future__ import annotations

from tests.training.conftest import _one_thread, tiny_spec

__all__ = ["_one_thread", "tiny_spec"]
