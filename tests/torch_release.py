"""The release of torch that a test of tensors without contents needs."""

from __future__ import annotations

import pytest
import torch

needs_torch_2_15 = pytest.mark.skipif(
    tuple(map(int, torch.__version__.split(".")[:2])) < (2, 15),
    reason="torch 2.8 wants a driver for fake CUDA tensors, and hides copies to the meta device; held from 2.15 on",
)
