"""Waits are counted by what torch says of them."""

from __future__ import annotations

import warnings

import pytest
import torch

from tests.cuda.waits import waits_in

SAID = "called a synchronizing CUDA operation (Triggered internally at ../c10/cuda/CUDAFunctions.cpp:181.)"


def test_waits_are_told_apart_from_other_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[str] = []
    monkeypatch.setattr(torch.cuda, "set_sync_debug_mode", modes.append)

    def work() -> None:
        for _ in range(2):
            warnings.warn(SAID, stacklevel=1)
        warnings.warn("something else", stacklevel=1)

    found = waits_in(work)
    assert len(found) == 2
    assert all("test_waits.py:" in place for place in found)
    assert modes == ["warn", "default"]
    with pytest.raises(ZeroDivisionError):
        waits_in(lambda: 1 / 0)
    assert modes == ["warn", "default"] * 2
