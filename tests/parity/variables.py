"""The recipe that fills every variable of the official networks from its name."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

GOLDEN = Path(__file__).parent / "golden"
SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"


def shapes(resolution: int) -> dict[str, tuple[int, ...]]:
    """Name and shape of every variable of both networks."""
    parts = json.loads((GOLDEN / f"hit{resolution}_keys.json").read_text())
    return {key: tuple(shape) for part in ("generator", "discriminator") for key, shape in parts[part].items()}


def filled(resolution: int, salt: int = 0) -> dict[str, NDArray[np.float32]]:
    """Every variable of both networks."""
    return {key: fill(key, shape, salt) for key, shape in shapes(resolution).items()}


def fill(key: str, shape: tuple[int, ...], salt: int) -> NDArray[np.float32]:
    values = np.random.default_rng([zlib.crc32(key.encode()), salt]).standard_normal(shape).astype(np.float32)
    name = key.rsplit("/", 1)[-1]
    if name == "moving_variance":
        return np.float32(0.5) + np.abs(values)
    if name == "gamma":
        return 1 + np.float32(0.1) * values
    if name == "kernel":
        return values * np.float32(gain(key) / np.sqrt(fan_in(key, shape)))
    return np.float32(0.1) * values


def fan_in(key: str, shape: tuple[int, ...]) -> int:
    heads = any(word in key for word in ("query_dense", "key_dense", "value_dense"))
    return shape[0] if heads else int(np.prod(shape[:-1]))


def gain(key: str) -> float:
    if key.startswith("discriminator/"):
        return 1.6
    return 0.4 if "output_dense" in key or "mlp_block/mlp_block/layer_with_weights-1" in key else 1.0
