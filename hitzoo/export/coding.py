"""The two halves of an autoencoder as files: images to codes, and codes to images.

B images, C channels, R pixels per side, s side of the map of codes.
"""

from __future__ import annotations

import copy
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.export import ExportedProgram

from hitzoo.errors import RequestError
from hitzoo.export.trace import program_of
from hitzoo.plan.role import Role
from hitzoo.releases import release_of
from hitzoo.sampling.autoencoder import Autoencoder
from hitzoo.sampling.pictures import finite
from hitzoo.spec.write import to_yaml

Part: TypeAlias = Literal["encoder", "decoder"]
PARTS: tuple[Part, ...] = get_args(Part)


class ImagesToCodes(nn.Module):
    """Encoder and quantizer: [B, C, R, R] in [-1, 1] -> whole numbers [B, s, s]."""

    def __init__(self, networks: Any) -> None:
        super().__init__()
        self.encoder, self.quantizer = networks["encoder"], networks["quantizer"]

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the codes of images."""
        codes: torch.Tensor = self.quantizer.choose(self.encoder(images))
        return codes


class CodesToImages(nn.Module):
    """Quantizer and decoder: whole numbers [B, s, s] -> [B, C, R, R], not clipped to [-1, 1]."""

    def __init__(self, networks: Any) -> None:
        super().__init__()
        self.quantizer, self.generator = networks["quantizer"], networks["generator"]

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Return the images of codes."""
        images: torch.Tensor = self.generator(self.quantizer.look_up(codes))
        return images.float().contiguous()


class CodingSubject:
    """One half of an autoencoder, as it was trained."""

    def __init__(self, autoencoder: Autoencoder, part: Part) -> None:
        if autoencoder.fast_precision is not None:
            raise RequestError("an optimized autoencoder cannot be exported; export the one it was made of")
        networks = autoencoder.networks
        if autoencoder.device.type != "cpu":  # an accelerator may round float32 products, which the check would notice
            networks = {role: copy.deepcopy(network).cpu() for role, network in networks.items()}
        self.autoencoder, self.part, self.owner = autoencoder, part, f"the {part}"
        self.input, self.output = ("images", "codes") if part == "encoder" else ("codes", "images")
        self.network = (ImagesToCodes if part == "encoder" else CodesToImages)(networks).eval()

    def metadata(self) -> dict[str, str]:
        """Return what identifies the autoencoder, and which half of it this is."""
        model = self.autoencoder
        role: Role = "encoder" if self.part == "encoder" else "generator"
        return {
            "hitzoo:version": release_of(),
            "hitzoo:model": model.spec.name,
            "hitzoo:from": model.name,
            "hitzoo:part": self.part,
            "hitzoo:weights": model.digest,
            "hitzoo:plan": model.plan.hash(role),
            "hitzoo:spec": to_yaml(model.spec),
        }

    def shapes(self) -> tuple[str, str]:
        """Write the shapes of codes and images."""
        plan = self.autoencoder.plan
        codes = f"codes [batch, {plan.codes.side}, {plan.codes.side}]"
        images = f"images [batch, {plan.image_channels}, {plan.resolution}, {plan.resolution}]"
        return (images, codes) if self.part == "encoder" else (codes, images)

    def traced(self) -> ExportedProgram:
        """Trace the networks."""
        return program_of(self.network, torch.from_numpy(self.inputs(0, 2)), self.input)

    def inputs(self, first: int, batch: int) -> NDArray[Any]:
        """Return noise for the encoder, and codes drawn evenly for the decoder."""
        plan = self.autoencoder.plan
        drawn = [np.random.default_rng(first + index) for index in range(batch)]
        if self.part == "encoder":
            shape = (plan.image_channels, plan.resolution, plan.resolution)
            return np.stack([one.uniform(-1, 1, shape).astype(np.float32) for one in drawn])
        side, count = plan.codes.side, plan.codes.count
        return np.stack([one.integers(0, count, (side, side)) for one in drawn])

    @torch.inference_mode()
    def outputs(self, inputs: NDArray[Any]) -> NDArray[Any]:
        """Compute codes or images."""
        found: NDArray[Any] = self.network(torch.from_numpy(inputs)).numpy()
        return found if self.part == "encoder" else finite(found, self.autoencoder.name)


def part_of(word: str | None) -> Part:
    """Return the part of that name; the decoder for None.

    Raises:
        RequestError: there is none of that name.
    """
    for part in PARTS:
        if part == (word or "decoder"):
            return part
    raise RequestError(f"--part {word}: not possible; possible: {', '.join(PARTS)}")
