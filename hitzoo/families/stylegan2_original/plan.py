"""The rules of StyleGAN2's discriminator as published: one block per halving from the image down to 4×4.

Source: Karras et al. 2020, appendix B, with the widths of configuration F.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from hitzoo.errors import Problem
from hitzoo.families.family import Frame
from hitzoo.families.stylegan2.plan import (
    LAST_SIDE,
    HalvingPlan,
    group_problems,
    halving_problems,
    published_width,
    widths_fit,
)
from hitzoo.families.stylegan2_original.spec import Stylegan2OriginalSpec
from hitzoo.plan.types import block
from hitzoo.spec.place import Places


@dataclass(frozen=True, kw_only=True)
class Stylegan2OriginalPlan(HalvingPlan):
    """The whole discriminator: image (B, image_channels, resolution, resolution) to logits (B,)."""


def plan_stylegan2_original(
    spec: Stylegan2OriginalSpec, frame: Frame, places: Places
) -> Stylegan2OriginalPlan | list[Problem]:
    """Decide every module of the discriminator, or list everything that does not fit."""
    problems = [*halving_problems(spec, frame, places), *group_problems(spec.minibatch_std, frame, places)]
    if problems or not widths_fit(spec, frame.side):
        return problems
    sides = [frame.side]
    while sides[-1] > LAST_SIDE:
        sides.append(sides[-1] // 2)
    widths = spec.channels or tuple(published_width(side, spec.channel_multiplier) for side in sides)
    return Stylegan2OriginalPlan(
        family=spec.family,
        resolution=frame.side,
        image_channels=frame.channels,
        stem=block("stem", "scaled_stem", in_channels=frame.channels, out_channels=widths[0]),
        blocks=tuple(
            block(f"blocks.{k}", "scaled_down", in_channels=inner, out_channels=outer)
            for k, (inner, outer) in enumerate(pairwise(widths))
        ),
        head=block("head", "scaled_logit", channels=widths[-1], side=LAST_SIDE, minibatch_std=spec.minibatch_std),
    )
