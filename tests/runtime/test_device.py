from __future__ import annotations

import pytest
import torch

from hitzoo.cli.bench.machine import machine
from hitzoo.runtime.device import wait_for


def test_it_is_the_named_device_that_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[object] = []
    monkeypatch.setattr(torch.cuda, "synchronize", waited.append)
    monkeypatch.setattr(torch.mps, "synchronize", lambda: waited.append("mps"))  # takes no device
    for name in ("cpu", "cuda:1", "mps"):
        wait_for(torch.device(name))
    assert waited == [torch.device("cuda:1"), "mps"]


def test_it_is_the_named_device_whose_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"the GPU {device.index}")
    assert machine(torch.device("cuda:1"))["hardware"] == "the GPU 1"
