"""The kernels' functions in plain PyTorch: the reference of their tests, and the fallback where no kernel applies.

N rows, B samples, n pixels before the upsampling and 4n after it, C channels, H hidden features, K image channels,
h heads, T latent tokens.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from hitzoo.fold.triton.weights import LatentAttention, StageWeights

FIT = (0.797497, 0.0370154, -0.000353106)
FIT_LIMIT = 6.0


def gelu(x: torch.Tensor, form: str = "exact") -> torch.Tensor:
    """The exact one by erf, or "approximate": 0.5·x·(1 + tanh(u·(a + b·u² + c·u⁴))) with u = x clipped to [-6, 6].

    The approximate one is within 2.6e-5 of the exact one everywhere; the coefficients a, b, c were fitted for hitzoo.
    """
    if form == "exact":
        return F.gelu(x)
    assert form == "approximate", form
    a, b, c = FIT
    inside = x.clamp(-FIT_LIMIT, FIT_LIMIT)
    square = inside * inside
    return 0.5 * x * (1 + torch.tanh(inside * (a + square * (b + square * c))))


def fused_mlp(
    x: torch.Tensor,
    widen: torch.Tensor,
    widen_bias: torch.Tensor,
    narrow: torch.Tensor,
    narrow_bias: torch.Tensor,
    *,
    gelu: str = "exact",
) -> torch.Tensor:
    """x + narrow·gelu(widen·x + widen_bias) + narrow_bias: [N, C], [H, C], [H], [C, H], [C] -> [N, C]."""
    return x + _mlp(x, widen, widen_bias, narrow, narrow_bias, gelu)


def fused_last_mlp(
    x: torch.Tensor,
    widen: torch.Tensor,
    widen_bias: torch.Tensor,
    skip: torch.Tensor,
    narrow: torch.Tensor,
    bias: torch.Tensor,
    *,
    gelu: str = "exact",
    dtype: torch.dtype = torch.float32,
) -> torch.Tensor:
    """skip·x + narrow·gelu(widen·x + widen_bias) + bias: [N, C], [H, C], [H], [K, C], [K, H], [K] -> [N, K]."""
    return (F.linear(x, skip) + _mlp(x, widen, widen_bias, narrow, bias, gelu)).to(dtype)


def pixel_stage(
    x: torch.Tensor,
    weights: StageWeights,
    *,
    attention: LatentAttention | None = None,
    image_before: torch.Tensor | None = None,
    gelu: str = "exact",
) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """Features and image after the stage: [B, n, C_in], [B, n, K] -> [B, 4n, C], [B, 4n, K]; None for an absent one.

    The four children of a pixel stay together, in the order (dy, dx). The image is float32.
    """
    x = _enter(x, weights)
    if attention is not None:
        assert weights.output_bias is not None
        x = x + _attend(x, attention, weights.heads) + weights.output_bias.to(x.dtype)
    mlps, head = weights.mlps, weights.image
    for one in zip(mlps.widen, mlps.widen_bias, mlps.narrow, mlps.narrow_bias, strict=False):
        x = x + _mlp(x, *one, gelu)
    if head is None:
        return x, None
    image = F.linear(x, head.weight)
    if head.collapsed is not None:
        image = image + _mlp(x, mlps.widen[-1], mlps.widen_bias[-1], head.collapsed, None, gelu)
    total = image.to(torch.promote_types(image.dtype, torch.float32)) + head.bias
    if image_before is not None:
        total = total + image_before.repeat_interleave(4, dim=1)
    return (x if head.collapsed is None else None), total


def _mlp(
    x: torch.Tensor,
    widen: torch.Tensor,
    widen_bias: torch.Tensor,
    narrow: torch.Tensor,
    bias: torch.Tensor | None,
    form: str,
) -> torch.Tensor:
    hidden = gelu(F.linear(x, widen, widen_bias.to(x.dtype)), form)
    return F.linear(hidden, narrow, None if bias is None else bias.to(x.dtype))


def _enter(x: torch.Tensor, weights: StageWeights) -> torch.Tensor:
    slices = x.reshape(len(x), 4 * x.shape[1], x.shape[2] // 4)
    if weights.up is not None:
        slices = F.linear(slices, weights.up)
    return slices + weights.position.to(x.dtype)


def _attend(x: torch.Tensor, attention: LatentAttention, heads: int) -> torch.Tensor:
    logits = torch.baddbmm(attention.score_bias[:, None].to(x.dtype), x, attention.score.mT)
    weights = logits.unflatten(-1, (heads, -1)).softmax(dim=-1, dtype=torch.promote_types(x.dtype, torch.float32))
    return weights.flatten(-2).to(x.dtype) @ attention.read_out.mT
