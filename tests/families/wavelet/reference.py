"""The wavelet discriminator a second time, from the description: coefficients go back to pixels to be halved.

It takes the weights by their published names and shares no code with the family.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

Weights = dict[str, torch.Tensor]
BANDS = ([[1, 1], [1, 1]], [[1, 1], [-1, -1]], [[1, -1], [1, -1]], [[1, -1], [-1, 1]])


def wavelet(weights: Weights, image: torch.Tensor, *, group: int = 4) -> torch.Tensor:
    """Logits [B] of images [B, C, R, R], in evaluation."""
    coefficients, x = transformed(image), torch.zeros(())
    scale = 0
    while f"from_rgbs.{scale}.conv.1.bias" in weights:
        if scale:
            coefficients = transformed(halved(restored(coefficients)))
        x = x + activated(
            conv(weights, f"from_rgbs.{scale}.conv.0", coefficients), weights, f"from_rgbs.{scale}.conv.1"
        )
        if f"convs.{scale}.conv1.1.bias" in weights:
            name = f"convs.{scale}"
            x = activated(conv(weights, f"{name}.conv1.0", x, padding=1), weights, f"{name}.conv1.1")
            x = conv(weights, f"{name}.conv2.1", blurred(x, 2), stride=2)
            x = activated(x, weights, f"{name}.conv2.2")
        scale += 1
    members = x.view(group, len(x) // group, *x.shape[1:])
    spread = torch.sqrt(members.var(0, unbiased=False) + 1e-8).mean((1, 2, 3)).repeat(group)
    x = torch.cat((x, spread.view(-1, 1, 1, 1).expand(-1, 1, *x.shape[2:])), dim=1)
    x = activated(conv(weights, "final_conv.0", x, padding=1), weights, "final_conv.1").flatten(1)
    if "final_linear.2.bias" not in weights:
        x = F.leaky_relu(x @ scaled(weights, "final_linear.0").T + weights["final_linear.0.bias"], 0.2) * math.sqrt(2)
        return (x @ scaled(weights, "final_linear.1").T + weights["final_linear.1.bias"])[:, 0]
    x = x @ scaled(weights, "final_linear.0").T + weights["final_linear.0.bias"]
    x = F.leaky_relu(x + weights["final_linear.1.bias"], 0.2) * math.sqrt(2)
    return (x @ scaled(weights, "final_linear.2").T + weights["final_linear.2.bias"])[:, 0]


def scaled(weights: Weights, name: str) -> torch.Tensor:
    """A weight as it is used: by the equalized learning rate, or divided by uᵀWv."""
    if f"{name}.weight" in weights:
        weight = weights[f"{name}.weight"]
        return weight / math.sqrt(weight[0].numel())
    weight = weights[f"{name}.weight_orig"]
    return weight / (weights[f"{name}.weight_u"] @ weight.flatten(1) @ weights[f"{name}.weight_v"])


def conv(weights: Weights, name: str, x: torch.Tensor, *, stride: int = 1, padding: int = 0) -> torch.Tensor:
    return F.conv2d(x, scaled(weights, name), stride=stride, padding=padding)


def activated(x: torch.Tensor, weights: Weights, name: str) -> torch.Tensor:
    return F.leaky_relu(x + weights[f"{name}.bias"][:, None, None], 0.2) * math.sqrt(2)


def transformed(image: torch.Tensor) -> torch.Tensor:
    """All channels of one band, then those of the next."""
    return torch.cat([F.conv2d(image, band(taps, image), stride=2, groups=image.shape[1]) for taps in BANDS], dim=1)


def restored(coefficients: torch.Tensor) -> torch.Tensor:
    parts = coefficients.chunk(4, dim=1)
    pairs = zip(BANDS, parts, strict=True)
    return sum(
        (F.conv_transpose2d(part, band(taps, part), stride=2, groups=part.shape[1]) for taps, part in pairs),
        torch.zeros((), dtype=coefficients.dtype),
    )


def band(taps: list[list[int]], like: torch.Tensor) -> torch.Tensor:
    return (torch.tensor(taps, dtype=like.dtype) / 2).expand(like.shape[1], 1, 2, 2)


def halved(image: torch.Tensor) -> torch.Tensor:
    return blurred(image, 1)[:, :, ::2, ::2]


def blurred(x: torch.Tensor, padding: int) -> torch.Tensor:
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=x.dtype)
    kernel = (torch.outer(taps, taps) / 64).expand(x.shape[1], 1, 4, 4)
    return F.conv2d(x, kernel, padding=padding, groups=x.shape[1])
