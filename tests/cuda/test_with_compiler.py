"""What torch's compiler makes on a card, against float64 on the CPU; last, since each takes a minute."""

from __future__ import annotations

import pytest
import torch

import hitzoo
from hitzoo.families.load import parse_spec
from hitzoo.training.engine.execution import Execution
from tests.conftest import TINY
from tests.cuda.test_optimized_network import LIMITS, compare, seeded
from tests.cuda.test_training_step import CPU, PLAIN, gradients

pytestmark = pytest.mark.cuda


@pytest.mark.parametrize("precision", LIMITS)
def test_compiled_network_is_float64s(real_card: torch.device, precision: str) -> None:
    module = hitzoo.load("hit-ti-shapes32", device="cpu").module
    compare(module, seeded(64), real_card, precision, compiled=True)


@pytest.mark.parametrize(("precision", "limit"), [("float32", 1e-4), ("bf16", 0.2)])
def test_compiled_gradients_are_float64s(real_card: torch.device, precision: str, limit: float) -> None:
    spec = parse_spec(TINY, "tiny")
    found = gradients(spec, Execution(compiled=True, precision=precision), real_card, torch.float32)  # type: ignore[arg-type]
    expected = gradients(spec, PLAIN, CPU, torch.float64)
    for role, vector in expected.items():
        assert (found[role] - vector).norm() <= limit * vector.norm(), role
