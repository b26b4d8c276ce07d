"""INR-GAN position by position in float64, from the published variables and a description of what it computes."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch

from hitzoo.families.inr_gan.plan import InrGanGeneratorPlan
from hitzoo.families.inr_gan.stage_plan import InrGanStagePlan

Weights = Mapping[str, np.ndarray]


def image_of(state: Mapping[str, torch.Tensor], z: np.ndarray, plan: InrGanGeneratorPlan) -> np.ndarray:
    """One latent's image (K, R, R), upsampled by nearest neighbours."""
    weights = {name: tensor.double().numpy() for name, tensor in state.items()}
    w = z.astype(np.float64) / np.sqrt((z.astype(np.float64) ** 2).mean() + 1e-8)
    for layer in range(2):
        weight, bias = weights[f"mapping.fc{layer}.weight"], weights[f"mapping.fc{layer}.bias"]
        w = _leaky(weight @ w * 0.01 / np.sqrt(len(w)) + 0.01 * bias)
    x = image = None
    for index, stage in enumerate(plan.stages):
        name = f"synthesis.b{4 << index}"
        if stage.upsample:
            x, image = (np.repeat(np.repeat(value, 2, axis=0), 2, axis=1) for value in (x, image))
        side = stage.resolution
        rows = [[_position(weights, name, stage, x, r, c) for c in range(side)] for r in range(side)]
        for layer in range(stage.depth):
            own = ["conv0", "conv1", "extra_convs.0"][layer + (index == 0)]
            matrix = _matrix(weights, f"{name}.{own}", w, plan.rank)
            bias = weights[f"{name}.{own}.bias"]
            rows = [[_leaky(matrix @ value + bias) for value in row] for row in rows]
        style = weights[f"{name}.torgb.affine.weight"] @ w / np.sqrt(len(w)) + weights[f"{name}.torgb.affine.bias"]
        matrix = weights[f"{name}.torgb.weight"][:, :, 0, 0] * style / np.sqrt(len(style))
        colours = np.array([[matrix @ value + weights[f"{name}.torgb.bias"] for value in row] for row in rows])
        x, image = np.array(rows), colours if image is None else image + colours
    assert image is not None
    return np.asarray(image.transpose(2, 0, 1))


def _position(
    weights: Weights, name: str, stage: InrGanStagePlan, x: np.ndarray | None, row: int, column: int
) -> np.ndarray:
    """What the first layer is given at a position."""
    side = stage.resolution
    at = np.array([-1 + 2 * column / side, -1 + 2 * (side - 1 - row) / side])
    ways = [((0, 1), 4.0), ((1, 0), 4.0), ((-1, 1), 4 * math.sqrt(2)), ((1, 1), 4 * math.sqrt(2))]
    rows = [
        np.array(way) / np.linalg.norm(way) * 2**octave * 2 * math.pi / period
        for way, period in ways[: stage.waves]
        for octave in range(math.ceil(math.log2(side)))
    ]
    fuser = f"{name}.coord_fuser" if x is not None else f"{name}.input.input.coord_fuser"
    if stage.random_waves:
        rows += list(weights[f"{fuser}.random_basis"])
    angles = np.array([float(row @ at) for row in rows])
    parts = [] if x is None else [x[row, column]]
    parts += [np.sin(angles), np.cos(angles)] if rows and stage.features else []
    parts += [weights[f"{fuser}.const_embs"][0, :, row, column]] if stage.embedding else []
    return np.concatenate(parts)


def _matrix(weights: Weights, name: str, w: np.ndarray, rank: int) -> np.ndarray:
    own = weights[f"{name}.weight"][:, :, 0, 0]
    outer, inner = own.shape
    factors = weights[f"{name}.affine.weight"] @ w / np.sqrt(len(w)) + weights[f"{name}.affine.bias"]
    left, right = factors[: outer * rank].reshape(outer, rank), factors[outer * rank :].reshape(rank, inner)
    changed = own * (1 + left @ right / math.sqrt(rank))
    return np.asarray(changed / (np.linalg.norm(changed, axis=1, keepdims=True) + 1e-8))


def _leaky(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, 0.2 * x) * np.sqrt(2)
