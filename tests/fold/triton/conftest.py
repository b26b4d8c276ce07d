"""The kernels run on a GPU, or in Triton's interpreter where tests/fold/test_triton.py starts it."""

from __future__ import annotations

import pytest
import torch

from hitzoo.fold.triton.support import interpreting, supports_device
from tests.fold.triton.drawn import Draw

collect_ignore_glob = [] if interpreting() or torch.cuda.is_available() else ["test_*.py"]


@pytest.fixture(params=["interpreter", pytest.param("cuda", marks=pytest.mark.cuda)])
def device(request: pytest.FixtureRequest) -> torch.device:
    device = torch.device("cpu" if request.param == "interpreter" else "cuda")
    if not supports_device(device):
        pytest.skip("started in the interpreter by tests/fold/test_triton.py")
    return device


@pytest.fixture
def draw(device: torch.device) -> Draw:
    return Draw(device)
