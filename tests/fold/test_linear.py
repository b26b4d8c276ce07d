"""oneDNN's layers against torch's own."""

from __future__ import annotations

import pytest
import torch

from hitzoo.fold.affine import Affine
from hitzoo.fold.linear import FusedLinear, OneDnnLinear, OneDnnPerSampleLinear, PerSampleLinear

pytestmark = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch was built without oneDNN")
LIKE = torch.empty(0)


def layers(gelu: bool) -> tuple[FusedLinear, OneDnnLinear]:
    random = torch.Generator().manual_seed(3)
    layer = Affine(*(torch.randn(*shape, dtype=torch.float64, generator=random) for shape in ((7, 5), (7,))))
    return FusedLinear(layer, gelu=gelu, like=LIKE), OneDnnLinear(layer, gelu=gelu, like=LIKE)


@pytest.mark.parametrize("gelu", [False, True])
@pytest.mark.parametrize("shape", [(6, 5), (2, 3, 5)])
def test_the_layer_and_its_gelu(gelu: bool, shape: tuple[int, ...]) -> None:
    plain, fast = layers(gelu)
    x = torch.randn(shape)
    torch.testing.assert_close(fast(x), plain(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("add", [(2, 3, 7), (3, 7)])  # a residual, and positions that all samples share
def test_the_sum(add: tuple[int, ...]) -> None:
    plain, fast = layers(gelu=False)
    x, other = torch.randn(2, 3, 5), torch.randn(add)
    torch.testing.assert_close(fast(x, other), plain(x, other), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(fast(x, other) - fast(x), other.expand(2, 3, 7), rtol=1e-5, atol=1e-5)


def test_rows_that_do_not_follow_each_other_in_memory() -> None:
    plain, fast = layers(gelu=False)
    x = torch.randn(5, 4).t()
    torch.testing.assert_close(fast(x), plain(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("bias", [(2, 7), (7,)])
@pytest.mark.parametrize("summed", [False, True])
@pytest.mark.parametrize("count", [1, 2])
def test_weights_of_the_sample(bias: tuple[int, ...], summed: bool, count: int) -> None:
    x, weight, offset = (
        torch.randn(count, 3, 5),
        torch.randn(count, 7, 5),
        torch.randn(bias)[-count if len(bias) > 1 else 0 :],
    )
    add = torch.randn(count, 3, 7) if summed else None
    expected = torch.stack([x[b] @ weight[b].T + (offset if offset.ndim == 1 else offset[b]) for b in range(count)])
    expected = expected if add is None else expected + add
    for product in (PerSampleLinear(), OneDnnPerSampleLinear()):
        torch.testing.assert_close(product(x, weight, offset, add), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("count", [1, 2])
def test_gelu_of_weights_of_the_sample(count: int) -> None:
    x, weight, bias = torch.randn(count, 3, 5), torch.randn(count, 7, 5), torch.randn(count, 7)
    expected = torch.nn.functional.gelu(torch.baddbmm(bias[:, None], x, weight.transpose(1, 2)))
    for product in (PerSampleLinear(), OneDnnPerSampleLinear()):
        torch.testing.assert_close(product(x, weight, bias, gelu=True), expected, rtol=1e-5, atol=1e-5)
