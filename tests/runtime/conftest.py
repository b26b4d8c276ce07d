from __future__ import annotations

from tests.families.conftest import tiny_plan
from tests.sampling.conftest import _one_thread, save, tiny_generator
from tests.training.conftest import tiny_spec, two_processes

__all__ = ["_one_thread", "save", "tiny_generator", "tiny_plan", "tiny_spec", "two_processes"]
