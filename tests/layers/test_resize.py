"""Bilinear resizing by matrices, against torch's own."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from hitzoo.layers.resize import Resize


@pytest.mark.parametrize(("inner", "outer"), [(8, 16), (7, 14), (16, 7), (20, 32), (64, 224)])
def test_resize_is_torchs(inner: int, outer: int) -> None:
    x = torch.randn(2, 3, inner, inner, generator=torch.Generator().manual_seed(0))
    wanted = F.interpolate(x, (outer, outer), mode="bilinear", antialias=outer < inner)
    torch.testing.assert_close(Resize(inner, outer)(x), wanted, atol=1e-5, rtol=1e-5)


def test_same_side_is_left_alone() -> None:
    x = torch.randn(1, 3, 8, 8)
    assert Resize(8, 8)(x) is x


def test_matrix_is_in_no_file() -> None:
    assert Resize(4, 8).state_dict() == {}
    with torch.device("meta"):
        assert Resize(4, 8)(torch.empty(2, 3, 4, 4)).shape == (2, 3, 8, 8)
