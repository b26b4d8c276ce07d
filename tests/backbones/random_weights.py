"""A file of EfficientNet-Lite0's weights drawn at random, in the place of those trained on ImageNet."""

from __future__ import annotations

from pathlib import Path

import safetensors.torch
import torch

from hitzoo.backbones.efficientnet_lite import stored_shapes

NAME = "tf_efficientnet_lite0"


def random_weights(seed: int = 0) -> dict[str, torch.Tensor]:
    """He-normal kernels, and norms that change little: features stay of one size from layer to layer."""
    random = torch.Generator().manual_seed(seed)
    found: dict[str, torch.Tensor] = {}
    for key, shape in stored_shapes(NAME).items():
        if len(shape) == 4:
            found[key] = torch.randn(shape, generator=random) * (2 / shape[1:].numel()) ** 0.5
        else:
            found[key] = torch.rand(shape, generator=random) * 0.2 + (0 if key.endswith(("bias", "mean")) else 0.9)
    return found


def write_random_weights(path: Path, seed: int = 0) -> Path:
    safetensors.torch.save_file(random_weights(seed), path)
    return path
