"""VGG16 and the linear weights of LPIPS, held still: five maps of an image, and the weight of each of their channels.

Source: Simonyan and Zisserman 2015, configuration D; Zhang et al. 2018 ("The Unreasonable Effectiveness of Deep
Features as a Perceptual Metric"), version 0.1. The files are torchvision's and torch-fidelity's, in torch hub's cache,
or in the folder that $HITZOO_LPIPS_WEIGHTS names.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from itertools import pairwise
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.backbones.efficientnet_lite import FrozenNetwork
from hitzoo.errors import WeightsError
from hitzoo.files import writing
from hitzoo.places import place

VARIABLE: Final = "HITZOO_LPIPS_WEIGHTS"
VGG_FILE: Final = "vgg16-397923af.pth"
LINEAR_FILE: Final = "weights-vgg16-lpips.pth"
_URLS: Final = {
    VGG_FILE: f"https://download.pytorch.org/models/{VGG_FILE}",
    LINEAR_FILE: f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{LINEAR_FILE}",
}
_PREFIXES: Final = {VGG_FILE: "397923af"}  # of the sha256; the other file is told by its shapes
_SLICES: Final = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
_MEAN: Final = (-0.030, -0.088, -0.188)  # of images in [-1, 1], as LPIPS has them
_DEVIATION: Final = (0.458, 0.448, 0.450)


@dataclass(frozen=True)
class LpipsWeights:
    """Kernels and biases of VGG16's convolutions by torchvision's names, and five rows of channel weights."""

    vgg: Mapping[str, torch.Tensor]
    linear: tuple[torch.Tensor, ...]


class Vgg16(nn.Module):
    """The convolutions of VGG16 up to the last ReLU: images [B, 3, R, R] in [-1, 1] -> maps of R, R/2, … R/16."""

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        widths = [3, *(width for part in _SLICES for width in part)]
        self.convs = nn.ModuleList(nn.Conv2d(inner, outer, 3, padding=1) for inner, outer in pairwise(widths))
        for name, values in (("mean", _MEAN), ("deviation", _DEVIATION)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1))

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Return the map after the last ReLU of each of the five resolutions."""
        x, maps, convs = (images - self.mean) / self.deviation, [], iter(self.convs)
        for index, part in enumerate(_SLICES):
            x = F.max_pool2d(x, 2) if index else x
            for _ in part:
                x = F.relu(next(convs)(x))
            maps.append(x)
        return maps


def build_vgg16(weights: LpipsWeights | None) -> FrozenNetwork:
    """Make the network; without weights it is on the meta device, for shapes and costs."""
    with torch.device("meta"):
        network = Vgg16()
    if weights is None:
        return FrozenNetwork(network)
    given = {key: value.clone() for key, value in zip(_own_names(network), weights.vgg.values(), strict=True)}
    given |= {"mean": torch.tensor(_MEAN).view(3, 1, 1), "deviation": torch.tensor(_DEVIATION).view(3, 1, 1)}
    network.load_state_dict(given, assign=True)
    return FrozenNetwork(network)


def find_lpips_weights() -> LpipsWeights:
    """Read both files from this machine; nothing is downloaded, and only tensors are unpickled.

    Raises:
        WeightsError: one of them is missing, damaged or another network's.
    """
    vgg = _read(VGG_FILE)
    shapes = _torchvision_shapes()
    strange = [key for key, shape in shapes.items() if key not in vgg or tuple(vgg[key].shape) != shape]
    if strange:
        raise WeightsError(f"{_place(VGG_FILE)} does not hold VGG16: {strange[0]} is missing or has another shape")
    rows = [value for key, value in sorted(_read(LINEAR_FILE).items()) if key.startswith("lin")]
    if [row.numel() for row in rows] != [part[-1] for part in _SLICES]:
        raise WeightsError(f"{_place(LINEAR_FILE)} does not hold the five linear layers of LPIPS")
    return LpipsWeights({key: vgg[key].float() for key in shapes}, tuple(row.float().flatten() for row in rows))


def fetch_lpips_weights(note: Callable[[str], None]) -> LpipsWeights:
    """Read the weights from this machine, else download them into torch hub's cache; `note` is told before.

    Raises:
        WeightsError: as `find_lpips_weights`; or they cannot be downloaded.
    """
    for name in (VGG_FILE, LINEAR_FILE):
        path = _place(name)
        if not os.environ.get(VARIABLE) and not path.is_file():
            note(f"downloading {name}, for LPIPS, from {_URLS[name]} to {path}")
            _download(name, path)
    return find_lpips_weights()


def _place(name: str) -> Path:
    named = os.environ.get(VARIABLE)
    folder = place(named) if named else Path(torch.hub.get_dir()) / "checkpoints"
    return folder / name


def _read(name: str) -> dict[str, torch.Tensor]:
    path = _place(name)
    if not path.is_file():
        raise WeightsError(f"{path} is not there: LPIPS needs it. {_ways()}")
    found = _tensors(name, path)
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise WeightsError(f"{path} holds something else than tensors by name")
    return found


def _tensors(name: str, path: Path) -> object:
    """Read the file, which is there, by torch hub's reader of plain tensors."""
    try:
        return torch.hub.load_state_dict_from_url(
            _URLS[name], model_dir=str(path.parent), map_location="cpu", file_name=name, weights_only=True
        )
    except Exception as error:  # a pickle of anything else, or a file that is cut
        raise WeightsError(f"{path} cannot be read as tensors ({type(error).__name__}); fetch it again") from None


def _download(name: str, path: Path) -> None:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        prefix = _PREFIXES.get(name)
        torch.hub.download_url_to_file(_URLS[name], str(path), hash_prefix=prefix, progress=sys.stderr.isatty())
    except (OSError, RuntimeError, HTTPException) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsError(f"{name} cannot be downloaded ({reason}). {_ways()}") from None


def _ways() -> str:
    return (
        f"Fetch {_URLS[VGG_FILE]} and {_URLS[LINEAR_FILE]}, and name their folder by {VARIABLE};"
        " or do without: train with training.reconstruction.perceptual: efficientnet, measure with --metrics psnr,ssim"
    )


def _own_names(network: nn.Module) -> list[str]:
    return [key for key in network.state_dict() if key.startswith("convs")]


def _torchvision_shapes() -> dict[str, tuple[int, ...]]:
    """Return names and shapes of the convolutions in torchvision's file; ReLUs and pooling layers are counted too."""
    shapes: dict[str, tuple[int, ...]] = {}
    inner, index = 3, 0
    for part in _SLICES:
        for outer in part:
            shapes |= {f"features.{index}.weight": (outer, inner, 3, 3), f"features.{index}.bias": (outer,)}
            inner, index = outer, index + 2
        index += 1
    return shapes
