"""CIPS pixel by pixel in float64, from the variables of the published code and a description of what it computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch

Pixel = Callable[[int, int, int], float]
"""The noise of a layer (0 is the first) at a row and a column."""


def image_of(state: Mapping[str, torch.Tensor], z: np.ndarray, side: int, noise: Pixel, *, trained: bool) -> np.ndarray:
    """One latent's image (K, side, side); `trained` reads the table as in training."""
    weights = {name: tensor.double().numpy() for name, tensor in state.items()}
    w = style_of(weights, z.astype(np.float64))
    at = torch.linspace(-1, 1, side).double().numpy()
    pixels = [
        [_pixel(weights, w, at, row, column, noise, trained=trained) for column in range(side)] for row in range(side)
    ]
    return np.array(pixels).transpose(2, 0, 1)


def style_of(weights: Mapping[str, np.ndarray], z: np.ndarray) -> np.ndarray:
    x = z / np.sqrt((z**2).mean() + 1e-8)
    layer = 1
    while f"style.{layer}.weight" in weights:
        weight, bias = weights[f"style.{layer}.weight"], weights[f"style.{layer}.bias"]
        x = _leaky(weight @ x * 0.01 / np.sqrt(len(x)) + 0.01 * bias)
        layer += 1
    return x


def _pixel(
    weights: Mapping[str, np.ndarray],
    w: np.ndarray,
    at: np.ndarray,
    row: int,
    column: int,
    noise: Pixel,
    *,
    trained: bool,
) -> np.ndarray:
    waves = np.sin(weights["lff.ffm.conv.weight"][:, :, 0, 0] @ [at[column], at[row]] + weights["lff.ffm.conv.bias"])
    table = weights["emb.input"][0]
    entry = table[:, row, column] if trained else _between(table, at[row], at[column])
    x = _styled(weights, "conv1", w, np.concatenate([waves, entry]), noise(0, row, column))
    image, pair = 0.0, 0
    while f"to_rgbs.{pair}.bias" in weights:
        for layer in (2 * pair, 2 * pair + 1):
            x = _styled(weights, f"linears.{layer}", w, x, noise(layer + 1, row, column))
        image = image + _modulated(weights, f"to_rgbs.{pair}.conv", w, x, norm=False)
        image = image + weights[f"to_rgbs.{pair}.bias"][0, :, 0, 0]
        pair += 1
    return np.asarray(image)


def _between(table: np.ndarray, y: float, x: float) -> np.ndarray:
    """Bilinear, with centres of the outermost entries half an entry inside −1 and 1."""
    side = table.shape[1]
    rows, columns = (np.clip((v + 1) * side / 2 - 0.5, 0, side - 1) for v in (y, x))
    total = np.zeros(len(table))
    for row in range(side):
        for column in range(side):
            share = max(0.0, 1 - abs(rows - row)) * max(0.0, 1 - abs(columns - column))
            total += share * table[:, row, column]
    return total


def _styled(weights: Mapping[str, np.ndarray], name: str, w: np.ndarray, x: np.ndarray, noise: float) -> np.ndarray:
    strength = weights.get(f"{name}.noise.weight", np.zeros(1))
    y = _modulated(weights, f"{name}.conv", w, x, norm=True) + strength[0] * noise
    return _leaky(y + weights[f"{name}.activate.bias"])


def _modulated(weights: Mapping[str, np.ndarray], name: str, w: np.ndarray, x: np.ndarray, *, norm: bool) -> np.ndarray:
    style = weights[f"{name}.modulation.weight"] @ w / np.sqrt(len(w)) + weights[f"{name}.modulation.bias"]
    own = weights[f"{name}.weight"][0, :, :, 0, 0] / np.sqrt(len(x)) * style
    if norm:
        own = own / np.sqrt((own**2).sum(axis=1, keepdims=True) + 1e-8)
    return np.asarray(own @ x)


def _leaky(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, 0.2 * x) * np.sqrt(2)
