from __future__ import annotations

from tests.training.conftest import _one_thread, pictures, tiny_spec, two_processes

__all__ = ["_one_thread", "pictures", "tiny_spec", "two_processes"]
