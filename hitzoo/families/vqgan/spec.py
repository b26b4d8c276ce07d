"""The sections of VQGAN's encoder and decoder, with the layout of its f16 model as the default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class VqEncoderSpec:
    """The encoder: images to a map of numbers.

    `channels` are the widths from the image down to the map, the resolution halving from one to the next; `depth`
    counts the residual blocks of each. `attention` names the resolutions whose blocks are followed by attention; the
    map has `width` numbers at each place.
    """

    family: Literal["vq_encoder"] = "vq_encoder"
    channels: tuple[int, ...] = (128, 128, 256, 256, 512)
    depth: int = 2
    attention: tuple[int, ...] = (16,)
    middle_attention: bool = True
    groups: int = 32
    width: int = 256


@dataclass(frozen=True, kw_only=True)
class ConvDecoderSpec:
    """The decoder: a map of codes to images, the encoder in reverse with a block more at each resolution."""

    family: Literal["conv_decoder"] = "conv_decoder"
    initial_size: int = 16
    channels: tuple[int, ...] = (512, 256, 256, 128, 128)
    depth: int = 3
    attention: tuple[int, ...] = (16,)
    middle_attention: bool = True
    groups: int = 32

    @property
    def sides(self) -> tuple[int, ...]:
        """Resolutions from the map of codes to the image, in pixels."""
        return tuple(self.initial_size << step for step in range(len(self.channels)))

    @property
    def listed(self) -> str:
        """Key of the list whose entries double the resolution."""
        return "channels"
