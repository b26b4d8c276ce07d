from __future__ import annotations

import pytest
import torch

from hitzoo.layers.norm import BatchNorm, build_norm


def test_batch_norm_by_hand_in_training() -> None:
    norm = BatchNorm(1).double()
    with torch.no_grad():
        norm.weight.fill_(3.0)
        norm.bias.fill_(0.5)
        norm.running_mean.fill_(1.0)
        norm.running_var.fill_(2.0)
    out = norm(torch.tensor([[0.0], [2.0], [4.0], [10.0]], dtype=torch.float64))
    # mean 4, squares of the differences 16 + 4 + 0 + 36 = 56: biased variance 14, unbiased 56/3
    expected = [3 * difference / (14 + 1e-3) ** 0.5 + 0.5 for difference in (-4, -2, 0, 6)]
    assert out.flatten().tolist() == pytest.approx(expected, rel=1e-12)
    assert norm.running_mean.item() == pytest.approx(0.99 * 1 + 0.01 * 4, rel=1e-12)
    assert norm.running_var.item() == pytest.approx(0.99 * 2 + 0.01 * 56 / 3, rel=1e-12)


def test_batch_norm_by_hand_in_evaluation() -> None:
    norm = BatchNorm(1).double().eval()
    norm.running_mean.fill_(1.0)
    norm.running_var.fill_(2.0)
    out = norm(torch.tensor([[0.0], [5.0]], dtype=torch.float64))
    assert out.flatten().tolist() == pytest.approx([-1 / 2.001**0.5, 4 / 2.001**0.5], rel=1e-12)
    assert (norm.running_mean.item(), norm.running_var.item()) == (1.0, 2.0)


@pytest.mark.parametrize("shape", [(6, 4), (2, 5, 4), (2, 3, 3, 4)])
def test_batch_norm_is_torchs_over_all_but_the_channels(randn, filled, shape) -> None:
    mine = filled(BatchNorm(4))
    theirs = torch.nn.BatchNorm1d(4, eps=1e-3, momentum=0.01).double()
    theirs.load_state_dict(mine.state_dict(), strict=False)
    for seed in range(3):
        x = randn(*shape, seed=seed)
        torch.testing.assert_close(mine(x), theirs(x.reshape(-1, 4)).view(shape), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(mine.running_mean, theirs.running_mean)
    torch.testing.assert_close(mine.running_var, theirs.running_var)
    x = randn(*shape, seed=9)
    torch.testing.assert_close(mine.eval()(x), theirs.eval()(x.reshape(-1, 4)).view(shape), rtol=1e-12, atol=1e-12)


def test_layer_norm_adds_a_millionth_to_the_variance() -> None:
    norm = build_norm("layer", 2).double()
    small = 1e-3  # whose square is the epsilon: the deviation is √2 times too large
    out = norm(torch.tensor([[5 - small, 5 + small]], dtype=torch.float64))
    assert out.flatten().tolist() == pytest.approx([-(0.5**0.5), 0.5**0.5], rel=1e-6)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_pixel_norm_divides_by_the_root_mean_square(dtype: torch.dtype) -> None:
    norm, x = build_norm("pixel", 2), torch.tensor([[3.0, 4.0], [1e-4, 1e-4]], dtype=dtype)
    wide = x.double()
    expected = wide / (wide.square().mean(-1, keepdim=True) + 1e-8).sqrt()
    out = norm(x)
    assert out.dtype == dtype
    torch.testing.assert_close(out, expected.to(dtype), rtol=1e-2 if dtype == torch.bfloat16 else 1e-6, atol=0)
    assert not list(norm.parameters())


def test_norms_begin_as_the_identity_scale() -> None:
    for kind in ("batch", "layer"):
        norm = build_norm(kind, 5)
        assert norm.weight.tolist() == [1.0] * 5
        assert norm.bias.tolist() == [0.0] * 5
    assert build_norm("batch", 5).running_mean.tolist() == [0.0] * 5
    assert build_norm("batch", 5).running_var.tolist() == [1.0] * 5
