"""The rules of the residual discriminator: one block per halving from the image down to 4×4.

Source: StyleGAN2's residual network without its tricks, with the widths of the official HiT code.
"""

from __future__ import annotations

from dataclasses import dataclass

from hitzoo.errors import Problem
from hitzoo.families.resolution import steps_of
from hitzoo.families.stylegan2.spec import Stylegan2DiscriminatorSpec
from hitzoo.plan.types import BlockPlan, block
from hitzoo.spec.types import Spec

LAST_SIDE = 4  # pixels; where the last convolution and the linear layers stand
_WIDEST = 512
_WIDE_UNTIL = 32  # pixels; up to here the published schedule has its full width


@dataclass(frozen=True, kw_only=True)
class Stylegan2DiscriminatorPlan:
    """The whole discriminator: image (B, image_channels, resolution, resolution) to logits (B,)."""

    family: str
    resolution: int
    image_channels: int
    stem: BlockPlan
    blocks: tuple[BlockPlan, ...]
    head: BlockPlan


def plan_stylegan2(spec: Spec, resolution: int) -> tuple[Stylegan2DiscriminatorPlan | None, list[Problem]]:
    """Decide every module of the discriminator, or say everything that does not fit."""
    problems = _problems(spec, resolution)
    if problems or not is_halvable(resolution) or _misses_widths(spec, resolution):
        return None, problems
    return plan_widths(_own(spec), resolution, spec.data.channels), []


def plan_widths(own: Stylegan2DiscriminatorSpec, resolution: int, image_channels: int) -> Stylegan2DiscriminatorPlan:
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
        ),
    )


def _own(spec: Spec) -> Stylegan2DiscriminatorSpec:
    assert isinstance(spec.discriminator, Stylegan2DiscriminatorSpec)
    return spec.discriminator


def published_width(side: int, multiplier: int) -> int:
    """Channels at one resolution: 512 up to 32×32, then 256·m at 64, halved with every doubling."""
    return _WIDEST if side <= _WIDE_UNTIL else max(1, _WIDEST * _WIDE_UNTIL * multiplier // side)


def _halvings(resolution: int) -> int:
    return (resolution // LAST_SIDE).bit_length() - 1


def _problems(spec: Spec, resolution: int) -> list[Problem]:
    return [*_side_problems(spec, resolution), *_channel_problems(spec, resolution), *_group_problems(spec)]


def _side_problems(spec: Spec, resolution: int) -> list[Problem]:
    if is_halvable(resolution) or spec.data.resolution not in (None, resolution):
        return []  # where the data's is another, that is what is said
    message = f"a side of {resolution} cannot be halved down to {LAST_SIDE}, as the discriminator does"
    hint = "possible image sides: 8, 16, 32, 64, … (change generator.initial_size or the number of stages)"
    path, _ = steps_of(spec)
    return [spec.places.problem(path, message, hint, beside=[("generator", "initial_size")])]


def is_halvable(side: int) -> bool:
    """Whether the discriminator can halve a side down to 4: 8, 16, 32, …"""
    return side >= 2 * LAST_SIDE and side == LAST_SIDE << _halvings(side)


def _channel_problems(spec: Spec, resolution: int) -> list[Problem]:
    """As many widths as there are resolutions, of the generator's image or of the data's where they differ."""
    channels = _own(spec).channels
    sides = [side for side in (resolution, spec.data.resolution) if side and is_halvable(side)]
    if channels is None or not sides or len(channels) in (_halvings(side) + 1 for side in sides):
        return []
    wanted = _halvings(sides[0]) + 1
    listed = ", ".join(str(sides[0] >> k) for k in range(wanted))
    message = f"{len(channels)} widths for {wanted} resolutions"
    beside = [steps_of(spec)[0], ("generator", "initial_size")]
    return [spec.places.problem(("discriminator", "channels"), message, f"one each for {listed}", beside=beside)]


def _misses_widths(spec: Spec, resolution: int) -> bool:
    """The widths fit the data's resolution, which the generator does not reach: that is said elsewhere."""
    channels = _own(spec).channels
    return channels is not None and len(channels) != _halvings(resolution) + 1


def _group_problems(spec: Spec) -> list[Problem]:
    group, batch = _own(spec).minibatch_std, spec.training.batch_size
    if group and batch % min(group, batch):
        message = f"groups of {group} do not divide the batch of {batch}"
        hint, beside = "choose a divisor of the batch size", [("training", "batch_size")]
        return [spec.places.problem(("discriminator", "minibatch_std"), message, hint, beside=beside)]
    return []
