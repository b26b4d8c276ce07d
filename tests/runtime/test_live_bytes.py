from __future__ import annotations

import pytest
import torch

from hitzoo.runtime.live_bytes import LiveBytes

DEVICES = pytest.mark.parametrize("device", ["cpu", "meta"])


@DEVICES
def test_what_is_made_counts_until_it_is_freed(device) -> None:
    with LiveBytes() as memory:
        first = torch.empty(1000, device=device)
        assert (memory.live, memory.peak) == (4000, 4000)
        second = torch.empty(500, dtype=torch.float64, device=device)
        assert (memory.live, memory.peak) == (8000, 8000)
        del first
        assert (memory.live, memory.peak) == (4000, 8000)
        third = second + 1
        assert (memory.live, memory.peak) == (8000, 8000)
        fourth = third * 2
        assert (memory.live, memory.peak) == (12000, 12000)
        del second, third, fourth
    assert (memory.live, memory.peak) == (0, 12000)


@DEVICES
def test_views_and_changes_in_place_take_nothing(device) -> None:
    with LiveBytes() as memory:
        whole = torch.zeros(10, 10, device=device)
        part = whole[2:4].t()
        whole.add_(1)
        assert (memory.live, memory.peak) == (400, 400)
        del whole
        assert memory.live == 400  # the view holds the storage
        del part
        assert memory.live == 0


@DEVICES
def test_what_was_there_before_does_not_count(device) -> None:
    before = torch.ones(1000, device=device)
    with LiveBytes() as memory:
        view = before.view(10, 100)
        before.mul_(2)
        assert (memory.live, memory.peak) == (0, 0)
        copy = view.clone()
        assert memory.live == 4000
        del copy


@DEVICES
def test_what_autograd_keeps_counts(device) -> None:
    x = torch.ones(100, device=device, requires_grad=True)
    with LiveBytes() as memory:
        y = x.exp()  # keeps its result
        z = y.sin()  # keeps y
        del y
        assert memory.live == 800
        z.sum().backward()
        del z
        assert memory.live == 400  # the gradient


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="needs oneDNN")
def test_what_onednn_packed_is_passed_over() -> None:
    packed = torch.ones(8, 8).to_mkldnn()
    with LiveBytes() as memory:
        result = packed.to_dense()
        assert memory.live == 256
        again = result.to_mkldnn()
        assert memory.live == 256
    del result, again
