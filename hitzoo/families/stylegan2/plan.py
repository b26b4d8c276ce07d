"""The rules of the residual discriminator: one block per halving from the image down to 4×4.

Source: StyleGAN2's residual network without its tricks, with the widths of the official HiT code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hitzoo.errors import Problem
from hitzoo.families.family import Frame, Sides
from hitzoo.families.stylegan2.spec import Stylegan2DiscriminatorSpec
from hitzoo.plan.network import PlainNetwork
from hitzoo.plan.ports import Image, Logits, Port
from hitzoo.plan.table import Row, block_row
from hitzoo.plan.types import BlockPlan, block
from hitzoo.spec.place import Places

LAST_SIDE = 4  # pixels; where the last convolution and the linear layers stand
_WIDEST = 512
_WIDE_UNTIL = 32  # pixels; up to here the published schedule has its full width


class HalvingSpec(Protocol):
    """The section of a discriminator whose blocks halve the resolution down to 4×4."""

    @property
    def channels(self) -> tuple[int, ...] | None:
        """Widths from the image's resolution down to 4×4."""


@dataclass(frozen=True, kw_only=True)
class HalvingPlan(PlainNetwork):
    """A discriminator of a stem, one block per halving, and a head on the 4×4 map."""

    family: str
    resolution: int
    image_channels: int
    stem: BlockPlan
    blocks: tuple[BlockPlan, ...]
    head: BlockPlan

    @property
    def takes(self) -> tuple[Port, ...]:
        """The image."""
        return (Image(self.resolution, self.image_channels),)

    @property
    def gives(self) -> Port:
        """The logits."""
        return Logits()

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """The blocks, each with the resolution it starts from."""
        return tuple((part.name, self.resolution >> index) for index, part in enumerate(self.blocks))

    @property
    def grouped(self) -> int:
        """Images of a group for the minibatch's standard deviation."""
        return self.head.kwargs["minibatch_std"] or 1

    def rows(self) -> tuple[Row, ...]:
        """A row per resolution from the image's down to 4, where the head stands."""
        width = int(self.stem.kwargs["out_channels"])
        rows = [block_row(self.stem, self.resolution, width)]
        rows += [
            block_row(part, side, int(part.kwargs["out_channels"]))
            for part, (_, side) in zip(self.blocks, self.parts, strict=True)
        ]
        return (*rows, block_row(self.head, LAST_SIDE, int(self.head.kwargs["channels"])))


@dataclass(frozen=True, kw_only=True)
class Stylegan2DiscriminatorPlan(HalvingPlan):
    """The whole discriminator: image (B, image_channels, resolution, resolution) to logits (B,)."""


def plan_stylegan2(
    spec: Stylegan2DiscriminatorSpec, frame: Frame, places: Places
) -> Stylegan2DiscriminatorPlan | list[Problem]:
    """Decide every module of the discriminator, or list everything that does not fit."""
    problems = [*halving_problems(spec, frame, places), *group_problems(spec.minibatch_std, frame, places)]
    if problems or not widths_fit(spec, frame.side):
        return problems
    return _plan_widths(spec, frame.side, frame.channels)


def halving_problems(spec: HalvingSpec, frame: Frame, places: Places) -> list[Problem]:
    """List what does not fit a discriminator whose blocks halve the resolution down to 4×4."""
    return [*_side_problems(frame, places), *_channel_problems(spec, frame, places)]


def widths_fit(spec: HalvingSpec, side: int) -> bool:
    """True if the side can be halved to 4 and has as many widths as resolutions; what else is wrong is said before."""
    return is_halvable(side) and (spec.channels is None or len(spec.channels) == _halvings(side) + 1)


def _plan_widths(own: Stylegan2DiscriminatorSpec, resolution: int, image_channels: int) -> Stylegan2DiscriminatorPlan:
    """Every module of a discriminator whose widths fit its resolution."""
    sides = [resolution >> k for k in range(_halvings(resolution) + 1)]
    widths = own.channels or tuple(published_width(side, own.channel_multiplier) for side in sides)
    blocks = tuple(
        block(
            f"blocks.{k}",
            "residual_down",
            in_channels=widths[k],
            out_channels=widths[k + 1],
            downsample=own.downsample,
            equalized=own.equalized,
        )
        for k in range(len(sides) - 1)
    )
    return Stylegan2DiscriminatorPlan(
        family=own.family,
        resolution=resolution,
        image_channels=image_channels,
        stem=block("stem", "conv_stem", in_channels=image_channels, out_channels=widths[0], equalized=own.equalized),
        blocks=blocks,
        head=block(
            "head",
            "logit_head",
            channels=widths[-1],
            side=LAST_SIDE,
            minibatch_std=own.minibatch_std,
            equalized=own.equalized,
            **({"san": True} if own.san else {}),  # left out, it is no part of a network's identity
        ),
    )


def published_width(side: int, multiplier: int) -> int:
    """Channels at one resolution: 512 up to 32×32, then 256·m at 64, halved with every doubling."""
    return _WIDEST if side <= _WIDE_UNTIL else max(1, _WIDEST * _WIDE_UNTIL * multiplier // side)


def _halvings(resolution: int) -> int:
    return (resolution // LAST_SIDE).bit_length() - 1


def _side_problems(frame: Frame, places: Places) -> list[Problem]:
    if is_halvable(frame.side) or frame.wanted not in (None, frame.side):
        return []  # where the data's is another, that is what is said
    message = f"a side of {frame.side} cannot be halved down to {LAST_SIDE}, as the discriminator does"
    hint = f"possible image sides: {SIDES.words} (change {frame.change})"
    path, *beside = frame.decided_by
    return [places.problem(path, message, hint, beside=beside)]


def is_halvable(side: int) -> bool:
    """True if the discriminator can halve a side down to 4: 8, 16, 32, …"""
    return side >= 2 * LAST_SIDE and side == LAST_SIDE << _halvings(side)


SIDES = Sides("8, 16, 32, 64, …", is_halvable)


def _channel_problems(spec: HalvingSpec, frame: Frame, places: Places) -> list[Problem]:
    """As many widths as there are resolutions, of the generator's image or of the data's where they differ."""
    channels = spec.channels
    sides = [side for side in (frame.side, frame.wanted) if side and is_halvable(side)]
    if channels is None or not sides or len(channels) in (_halvings(side) + 1 for side in sides):
        return []
    wanted = _halvings(sides[0]) + 1
    listed = ", ".join(str(sides[0] >> k) for k in range(wanted))
    message = f"{len(channels)} widths for {wanted} resolutions"
    hint = f"one each for {listed}"
    return [places.problem(("discriminator", "channels"), message, hint, beside=frame.decided_by)]


def group_problems(group: int, frame: Frame, places: Places) -> list[Problem]:
    """Groups for the minibatch's standard deviation that do not divide the batch; 0 is no group."""
    batch = frame.batch_size
    if group and batch % min(group, batch):
        message = f"groups of {group} do not divide the batch of {batch}"
        hint, beside = "choose a divisor of the batch size", [("training", "batch_size")]
        return [places.problem(("discriminator", "minibatch_std"), message, hint, beside=beside)]
    return []
