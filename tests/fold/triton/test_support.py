"""Where the kernels say they apply; the rest is the reference's."""

from __future__ import annotations

import pytest
import torch

from hitzoo.fold.triton import support
from hitzoo.fold.triton.support import supports_device, supports_mlp, supports_stage


def test_what_is_supported(device: torch.device) -> None:
    x = torch.empty(1, 4, 64, device=device)
    assert supports_mlp(x, 64)
    assert supports_mlp(x, 48, outputs=16)
    assert supports_stage(x, 16, 64, 2, 16)
    assert supports_stage(x, 16, 64, heads=1, tokens=0)
    assert supports_stage(x.bfloat16(), 128, 64, 2, 16)


def test_what_is_not(device: torch.device) -> None:
    x = torch.empty(1, 4, 64, device=device)
    assert not supports_mlp(x[..., :48], 64)
    assert not supports_mlp(x, 24)
    assert not supports_mlp(x, 64, outputs=17)
    assert not supports_mlp(x.double(), 64)
    assert not supports_stage(x, 16, 64, 3, 16)
    assert not supports_stage(x, 16, 64, 16, 16)
    assert not supports_stage(x, 8, 64, 2, 16)
    assert not supports_stage(x[..., :62], 16, 64, 2, 16)
    assert not supports_stage(x, 128, 64, 2, 16)  # float32


def test_nothing_is_without_triton(device: torch.device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(support, "_triton_is_here", lambda: False)
    assert not supports_device(device)
