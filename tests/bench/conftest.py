from __future__ import annotations

from tests.sampling.conftest import _one_thread, save, tiny_generator
from tests.training.conftest import tiny_spec, two_processes

__all__ = ["_one_thread", "save", "tiny_generator", "tiny_spec", "two_processes"]
