"""EfficientNet-Lite by timm, with its weights held still: maps of several scales, or one row of features per image.

Only this file imports timm. Source: Tan and Le 2019; the Lite networks leave out squeeze-and-excitation and have ReLU6.

B images, R pixels per side. Images lie in [-1, 1], which is the scale the networks were trained with (mean and
deviation 0.5 of values in [0, 1]).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from hitzoo.errors import RequestError, WeightsError

_LEVELS = (1, 2, 3, 4)  # strides 4, 8, 16 and 32


class FrozenNetwork(nn.Module):
    """A network in evaluation whose weights are buffers outside the state dict.

    So no optimizer moves them, no checkpoint holds them, and gradients still pass through to the images.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        for module in network.modules():
            for name, weight in list(module.named_parameters(recurse=False)):
                delattr(module, name)
                module.register_buffer(name, weight.detach())
            for name, buffer in list(module.named_buffers(recurse=False)):
                module.register_buffer(name, buffer, persistent=False)
        self.train(False)

    def train(self, mode: bool = True) -> FrozenNetwork:
        """Stay in evaluation."""
        super().train(False)
        return self

    def forward(self, images: torch.Tensor) -> Any:
        """Return what the network gives."""
        return self.network(images)


def build_pyramid(name: str, weights: Mapping[str, torch.Tensor] | None) -> FrozenNetwork:
    """Make the network that maps [B, 3, R, R] to four maps with 1/4, 1/8, 1/16 and 1/32 of the side.

    Without weights it is on the meta device, for shapes and costs.

    Raises:
        RequestError: timm is not installed.
        WeightsError: the weights are another network's.
    """
    return FrozenNetwork(_build(name, weights, features_only=True, out_indices=_LEVELS))


def build_pooled(name: str, weights: Mapping[str, torch.Tensor] | None) -> FrozenNetwork:
    """Make the network that maps [B, 3, R, R] to the last map's means [B, 1280]. Raises as `build_pyramid`."""
    return FrozenNetwork(_build(name, weights, num_classes=0))


def stored_shapes(name: str) -> dict[str, torch.Size]:
    """Return the tensors that a file of a network's weights holds, the classifier left out, in their order."""
    with torch.device("meta"):
        network = timm().create_model(name, num_classes=0)
    return {key: value.shape for key, value in network.state_dict().items() if not key.endswith("num_batches_tracked")}


def timm() -> Any:
    """Import timm.

    Raises:
        RequestError: it is not installed, or does not load.
    """
    try:
        import timm as package
    except (ImportError, RuntimeError) as error:  # torchvision of another torch: `operator … does not exist`
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RequestError(
            f"a frozen EfficientNet needs timm, which does not load here ({reason}): pip install 'hitzoo[features]'"
        ) from None
    return package


def _build(name: str, weights: Mapping[str, torch.Tensor] | None, **options: Any) -> nn.Module:
    with torch.device("meta"):
        network: nn.Module = timm().create_model(name, **options)
    if weights is None:
        return network
    own = network.state_dict()
    given = {key: weights.get(key, torch.zeros(())) for key in own}
    strange = [key for key, value in own.items() if given[key].shape != value.shape]
    if strange:
        raise WeightsError(f"these weights are not those of {name}: {strange[0]} is missing or has another shape")
    network.load_state_dict({key: value.clone() for key, value in given.items()}, assign=True)
    return network
