"""The kernels run on a GPU, or in Triton's interpreter where tests/fold/test_triton.py starts it."""

from __future__ import annotations

import pytest
import torch

from hitzoo.fold.triton.support import interpreting, supports_device
from tests.fold.triton.drawn import Draw

collect_ignore_glob = [] if interpreting() or torch.cuda.is_available() else ["test_*.py"]


@pytest.fixture(params=["interpreter", "cuda"])
def device(request: pytest.FixtureRequest) -> torch.device:
    device = torch.device("cpu" if request.param == "interpreter" else "cuda")
    if device.type == "cuda" and not torch.cuda.is_available():
        pytest.skip("no GPU")
    if not supports_device(device):
        pytest.skip("started in the interpreter by tests/fold/test_triton.py")
    return device


@pytest.fixture
def draw(device: torch.device) -> Draw:
    return Draw(device)
