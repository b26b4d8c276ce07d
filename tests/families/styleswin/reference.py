"""StyleSwin's generator a second time, from the description: NCHW or one sequence, rolled windows with a mask.

It takes the weights by their published names and shares no code with the family.
"""

from __future__ import annotations

import math
from itertools import product

import torch
import torch.nn.functional as F

Weights = dict[str, torch.Tensor]


def styleswin(weights: Weights, z: torch.Tensor, depths: list[int]) -> torch.Tensor:
    """Images [B, 3, R, R] of latents."""
    w, layer = z / torch.sqrt(z.pow(2).mean(1, keepdim=True) + 1e-8), 1
    while f"style.{layer}.weight" in weights:
        weight = weights[f"style.{layer}.weight"] * (0.01 / math.sqrt(w.shape[1]))
        w = F.leaky_relu(F.linear(w, weight, 0.01 * weights[f"style.{layer}.bias"]), 0.2) * math.sqrt(2)
        layer += 1
    x = weights["input.input"].expand(len(z), -1, -1, -1)
    image = None
    for index, depth in enumerate(depths):
        for place in range(depth):
            x = block(weights, f"layers.{index}.blocks.{place}", x, w)
        last = index == len(depths) - 1
        if not last:
            x = upsample(weights, f"layers.{index}.upsample", x)
        head = f"to_rgbs.{index}"
        part = F.conv2d(x, weights[f"{head}.conv.weight"], weights[f"{head}.conv.bias"]) + weights[f"{head}.bias"]
        image = part if image is None else part + (image if last else low_passed(image))
    assert image is not None
    return image


def block(weights: Weights, name: str, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    batch, channels, side, _ = x.shape
    tokens = x.flatten(2).transpose(1, 2)

    def adain(tokens: torch.Tensor, norm: str) -> torch.Tensor:
        weight, bias = weights[f"{name}.{norm}.style.weight"], weights[f"{name}.{norm}.style.bias"]
        gamma, beta = F.linear(w, weight / math.sqrt(w.shape[1]), bias).chunk(2, dim=1)
        normed = F.instance_norm(tokens.transpose(1, 2), eps=1e-5)
        return (gamma[..., None] * normed + beta[..., None]).transpose(1, 2)

    def layer(x: torch.Tensor, part: str) -> torch.Tensor:
        return F.linear(x, weights[f"{name}.{part}.weight"], weights[f"{name}.{part}.bias"])

    qkv = layer(adain(tokens, "norm1"), "qkv").view(batch, side, side, 3, channels)
    half = channels // 2
    window = min(side, 8)
    plain = windows(qkv[..., :half], weights[f"{name}.attn.0.relative_position_bias_table"], window, 0)
    shift = 0 if window == side else window // 2
    moved = windows(qkv[..., half:], weights[f"{name}.attn.1.relative_position_bias_table"], window, shift)
    tokens = tokens + layer(torch.cat((plain, moved), dim=-1).flatten(1, 2), "proj")
    tokens = tokens + layer(F.gelu(layer(adain(tokens, "norm2"), "mlp.fc1")), "mlp.fc2")
    return tokens.transpose(1, 2).view(batch, channels, side, side)


def windows(qkv: torch.Tensor, table: torch.Tensor, size: int, shift: int) -> torch.Tensor:
    """Attention in windows after a roll, [B, r, r, 3, c] -> [B, r, r, c], with what crosses a seam masked by −100."""
    batch, side, _, _, channels = qkv.shape
    heads, out = table.shape[1], torch.zeros_like(qkv[..., 0, :])
    rolled = qkv.roll((-shift, -shift), dims=(1, 2))
    y, x = (axis.flatten() for axis in torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij"))
    rows = (y[:, None] - y + size - 1) * (2 * size - 1) + x[:, None] - x + size - 1
    bias = table[rows].permute(2, 0, 1)
    around = torch.arange(side).roll(-shift) < shift  # came around the border
    for top, left in product(range(0, side, size), repeat=2):
        square = rolled[:, top : top + size, left : left + size].reshape(batch, size * size, 3, heads, -1)
        q, k, v = square.permute(2, 0, 3, 1, 4)
        down, across = around[top + y], around[left + x]
        seam = (down[:, None] != down) | (across[:, None] != across)
        logits = q @ k.transpose(-1, -2) / math.sqrt(channels / heads) + bias - 100.0 * seam
        read = (logits.softmax(-1) @ v).transpose(1, 2).reshape(batch, size, size, channels)
        out[:, top : top + size, left : left + size] = read
    return out.roll((shift, shift), dims=(1, 2))


def upsample(weights: Weights, name: str, x: torch.Tensor) -> torch.Tensor:
    larger = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False).permute(0, 2, 3, 1)
    normed = F.layer_norm(larger, larger.shape[-1:], weights[f"{name}.norm.weight"], weights[f"{name}.norm.bias"])
    made = F.linear(normed, weights[f"{name}.reduction.weight"])
    side, channels = made.shape[1], made.shape[-1]
    for y, column in product(range(side), repeat=2):
        made[:, y, column] += weights[f"{name}.alpha"] * torch.cat((place(column, channels), place(y, channels)))
    return made.permute(0, 3, 1, 2)


def place(index: int, channels: int) -> torch.Tensor:
    """Sines and cosines of a place, in the float32 of the published code."""
    count = channels // 4
    rates = torch.exp(torch.arange(count).float() * -(math.log(10000) / (count - 1)))
    angles = torch.tensor(index + 1.0) * rates
    return torch.cat((angles.sin(), angles.cos()))


def low_passed(image: torch.Tensor) -> torch.Tensor:
    """Zeros between the pixels, then the taps [1, 3, 3, 1] both ways with a sum of 4."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=image.dtype)
    kernel = (torch.outer(taps, taps) / 16).expand(image.shape[1], 1, 4, 4)
    return F.conv_transpose2d(image, kernel, stride=2, padding=1, groups=image.shape[1])
