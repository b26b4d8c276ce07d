from __future__ import annotations

from tests.sampling.conftest import _one_thread, save, tiny_generator

__all__ = ["_one_thread", "save", "tiny_generator"]
