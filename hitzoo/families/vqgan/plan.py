"""The rules of VQGAN's encoder and decoder: residual blocks at resolutions that halve, and that double again.

Source: Esser et al. 2021, table 7, and the f16 models of taming-transformers, whose counts are met to the digit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hitzoo.errors import Problem
from hitzoo.families.doubling import code_side_problems, doubling_outline, doubling_problems
from hitzoo.families.family import Frame, Outline
from hitzoo.families.vqgan.spec import ConvDecoderSpec, VqEncoderSpec
from hitzoo.plan.network import PlainNetwork
from hitzoo.plan.ports import Codes, Image, Port
from hitzoo.plan.table import Row, block_row
from hitzoo.plan.types import BlockPlan, Value, block
from hitzoo.spec.place import Path, Places


@dataclass(frozen=True, kw_only=True)
class _Blocks(PlainNetwork):
    """A chain of blocks between images [B, image_channels, resolution, resolution] and codes [B, width, side, side]."""

    family: str
    resolution: int
    image_channels: int
    side: int
    width: int
    blocks: tuple[BlockPlan, ...]

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """The residual and attention blocks, each with its resolution."""
        return tuple(
            (part.name, side) for part, side in self._sides() if part.kind.startswith(("group_norm_r", "group_norm_a"))
        )

    def rows(self) -> tuple[Row, ...]:
        """A row per block."""
        return tuple(block_row(part, side, _width_of(part)) for part, side in self._sides())

    def _sides(self) -> Iterator[tuple[BlockPlan, int]]:
        """Each block with the resolution where it ends."""
        raise NotImplementedError

    def _walk(self, side: int) -> Iterator[tuple[BlockPlan, int]]:
        for part in self.blocks:
            side = side // 2 if part.kind == "padded_conv_down" else side * 2 if part.kind == "conv_up" else side
            yield part, side


@dataclass(frozen=True, kw_only=True)
class VqEncoderPlan(_Blocks):
    """The whole encoder."""

    @property
    def takes(self) -> tuple[Port, ...]:
        """The image."""
        return (Image(self.resolution, self.image_channels),)

    @property
    def gives(self) -> Port:
        """The map for the quantizer."""
        return Codes(self.side, self.width)

    def _sides(self) -> Iterator[tuple[BlockPlan, int]]:
        return self._walk(self.resolution)


@dataclass(frozen=True, kw_only=True)
class ConvDecoderPlan(_Blocks):
    """The whole decoder."""

    @property
    def takes(self) -> tuple[Port, ...]:
        """The map of codes."""
        return (Codes(self.side, self.width),)

    @property
    def gives(self) -> Port:
        """The image."""
        return Image(self.resolution, self.image_channels)

    def _sides(self) -> Iterator[tuple[BlockPlan, int]]:
        return self._walk(self.side)


def plan_vq_encoder(spec: VqEncoderSpec, frame: Frame, places: Places) -> VqEncoderPlan | list[Problem]:
    """Decide every module of the encoder, or list everything that does not fit."""
    halvings = len(spec.channels) - 1
    problems = _group_problems("encoder", spec, places)
    if frame.side % (1 << halvings):
        message = f"a side of {frame.side} cannot be halved {halvings} times ({len(spec.channels)} channels)"
        problems.append(places.problem(("encoder", "channels"), message, "give fewer", beside=frame.decided_by))
    if problems:
        return problems
    kinds = [_level(spec, frame.side >> k, *_pair(spec.channels, k)) for k in range(halvings + 1)]
    parts: list[_Part] = [("plain_conv", {"in_channels": frame.channels, "out_channels": spec.channels[0], "size": 3})]
    for k, level in enumerate(kinds):
        parts += level
        if k < halvings:
            parts.append(("padded_conv_down", {"channels": spec.channels[k]}))
    parts += _middle(spec, spec.channels[-1])
    parts.append(_head(spec, spec.channels[-1], spec.width))
    return VqEncoderPlan(
        family=spec.family,
        resolution=frame.side,
        image_channels=frame.channels,
        side=frame.side >> halvings,
        width=spec.width,
        blocks=_named(parts),
    )


def plan_conv_decoder(spec: ConvDecoderSpec, frame: Frame, places: Places) -> ConvDecoderPlan | list[Problem]:
    """Decide every module of the decoder, or list everything that does not fit."""
    problems = _group_problems("generator", spec, places) + doubling_problems(spec, frame, places)
    problems += code_side_problems(spec, frame, places)
    if problems or frame.codes is None:
        return problems
    first = spec.channels[0]
    parts: list[_Part] = [("plain_conv", {"in_channels": frame.codes.width, "out_channels": first, "size": 3})]
    parts += _middle(spec, first)
    for k, (side, outer) in enumerate(zip(spec.sides, spec.channels, strict=True)):
        parts += _level(spec, side, *_pair(spec.channels, k))
        if k < len(spec.channels) - 1:
            parts.append(("conv_up", {"channels": outer}))
    parts.append(_head(spec, spec.channels[-1], frame.channels))
    return ConvDecoderPlan(
        family=spec.family,
        resolution=spec.sides[-1],
        image_channels=frame.channels,
        side=frame.codes.side,
        width=frame.codes.width,
        blocks=_named(parts),
    )


def outline_conv_decoder(spec: ConvDecoderSpec) -> Outline:
    """Read off the section what it says of the images, whatever else is wrong with it."""
    middle = [spec.sides[0]] * (3 if spec.middle_attention else 2)
    levels = [side for side in spec.sides for _ in range(spec.depth * (2 if side in spec.attention else 1))]
    return doubling_outline(spec, [*middle, *levels], None)


_Part = tuple[str, dict[str, Value]]


def _pair(channels: Sequence[int], k: int) -> tuple[int, int]:
    """Widths before and in level k."""
    return channels[max(k - 1, 0)], channels[k]


def _level(spec: VqEncoderSpec | ConvDecoderSpec, side: int, before: int, width: int) -> list[_Part]:
    parts: list[_Part] = []
    for index in range(spec.depth):
        parts.append(_residual(spec, width if index else before, width))
        if side in spec.attention:
            parts.append(("group_norm_attention", {"channels": width, "groups": spec.groups}))
    return parts


def _middle(spec: VqEncoderSpec | ConvDecoderSpec, width: int) -> list[_Part]:
    attention: list[_Part] = [("group_norm_attention", {"channels": width, "groups": spec.groups})]
    return [
        _residual(spec, width, width),
        *(attention if spec.middle_attention else []),
        _residual(spec, width, width),
    ]


def _residual(spec: VqEncoderSpec | ConvDecoderSpec, inner: int, outer: int) -> _Part:
    return "group_norm_residual", {"in_channels": inner, "out_channels": outer, "groups": spec.groups}


def _head(spec: VqEncoderSpec | ConvDecoderSpec, inner: int, outer: int) -> _Part:
    return "group_norm_head", {"in_channels": inner, "out_channels": outer, "groups": spec.groups}


def _named(parts: Sequence[_Part]) -> tuple[BlockPlan, ...]:
    return tuple(block(f"blocks.{index}", kind, **args) for index, (kind, args) in enumerate(parts))


def _width_of(part: BlockPlan) -> int:
    return int(part.kwargs.get("out_channels", part.kwargs.get("channels", 0)))


def _group_problems(role: str, spec: VqEncoderSpec | ConvDecoderSpec, places: Places) -> list[Problem]:
    """Widths that the groups of a norm do not divide."""
    problems: list[Problem] = []
    for index, width in enumerate(spec.channels):
        if width % spec.groups:
            path: Path = (role, "channels", index)
            message = f"{spec.groups} groups do not divide {width} channels"
            hint = f"give a multiple of {spec.groups}, or set {role}.groups"
            problems.append(places.problem(path, message, hint, beside=[(role, "groups")]))
    return problems
