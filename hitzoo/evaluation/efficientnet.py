"""Features of EfficientNet-Lite0, trained on ImageNet: smaller than the Inception network, and no substitute for it.

Distances on them are not FID, and flatter models whose discriminator is built on features of ImageNet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from torch.nn import functional as F

from hitzoo.backbones.efficientnet_lite import build_pooled
from hitzoo.backbones.weights import fetch_weights
from hitzoo.evaluation.pictures import RGB

_NETWORK = "tf_efficientnet_lite0"
_SIDE = 224  # pixels, as it was trained with
_AT_ONCE = 32  # images


class EfficientNetLite:
    """Means of the last map over its places: 1280 numbers per image, which is resized to 224×224 first."""

    shape: ClassVar[tuple[int, ...]] = (1280,)

    def __init__(self, device: torch.device, note: Callable[[str], None]) -> None:
        """Load the network; `note` is told before a download.

        Raises:
            RequestError, WeightsError: see `fetch_weights`.
        """
        self.device = torch.device("cpu") if device.type == "mps" else device  # no antialiased resize there
        weights = fetch_weights(_NETWORK, "", note)
        self.sha256 = weights.sha256
        self._network = build_pooled(_NETWORK, weights.tensors).to(self.device)

    @property
    def name(self) -> str:
        """Name with the weights' hash: features of other weights are other features."""
        return f"{_NETWORK}-{self.sha256[:16]}"

    @property
    def facts(self) -> dict[str, Any]:
        """Description for the protocol."""
        return {
            "sha256": self.sha256,
            "layer": "pooled",
            "resize": f"{_SIDE}×{_SIDE}, bilinear, antialiased",
            "scale": "mean 0.5, deviation 0.5",
        }

    def __call__(self, pictures: RGB, positions: Sequence[int]) -> torch.Tensor:
        """Map bytes (B, R, R, 3) to (B, 1280)."""
        return torch.cat([self._rows(part) for part in torch.from_numpy(pictures).split(_AT_ONCE)])

    def _rows(self, pictures: torch.Tensor) -> torch.Tensor:
        x = pictures.to(self.device).permute(0, 3, 1, 2).float() / 127.5 - 1
        if x.shape[-1] != _SIDE:
            x = F.interpolate(x, (_SIDE, _SIDE), mode="bilinear", antialias=True)
        rows: torch.Tensor = self._network(x)
        return rows.cpu()
