"""The rules of the wavelet discriminator: an input per scale, and a block per halving from half of the image down to 4.

Source: Zhang et al. 2022, section 3.4, and the published code.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hitzoo.errors import Problem
from hitzoo.families.family import Frame, Sides
from hitzoo.families.wavelet.spec import WaveletDiscriminatorSpec
from hitzoo.plan.cost import Cost
from hitzoo.plan.network import PlainNetwork
from hitzoo.plan.ports import Image, Logits, Port
from hitzoo.plan.table import Row, block_row
from hitzoo.plan.types import BlockPlan, block
from hitzoo.spec.place import Places

LAST_SIDE = 4  # pixels; where the head stands
_TAPS = 16  # of the blur that halves the image
_WIDEST, _WIDTH_TIMES_SIDE = 512, 512 * 32


@dataclass(frozen=True, kw_only=True)
class WaveletDiscriminatorPlan(PlainNetwork):
    """The whole discriminator: image (B, image_channels, resolution, resolution) to logits (B,)."""

    family: str
    resolution: int
    image_channels: int
    spectral_norm: bool
    inputs: tuple[BlockPlan, ...]
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
        """The blocks with the resolution each starts from; none where a second pass would change a stored estimate."""
        if self.spectral_norm:
            return ()
        return tuple((part.name, self.resolution >> (index + 1)) for index, part in enumerate(self.blocks))

    @property
    def grouped(self) -> int:
        """Images of a group for the minibatch's standard deviation."""
        return self.head.kwargs["minibatch_std"] or 1

    def rows(self) -> tuple[Row, ...]:
        """A row per scale's input and per block, and one for the head."""
        rows: list[Row] = []
        for index, part in enumerate(self.inputs):
            own_row = block_row(part, self.resolution >> (index + 1), int(part.kwargs["channels"]))
            halving = Cost(flops=2 * _TAPS * (self.resolution >> index) ** 2 * self.image_channels if index else 0)
            rows.append(replace(own_row, cost=own_row.cost + halving))
            if index < len(self.blocks):
                own = self.blocks[index]
                rows.append(block_row(own, self.resolution >> (index + 1), int(own.kwargs["out_channels"])))
        return (*rows, block_row(self.head, LAST_SIDE, int(self.head.kwargs["channels"])))


def plan_wavelet(
    spec: WaveletDiscriminatorSpec, frame: Frame, places: Places
) -> WaveletDiscriminatorPlan | list[Problem]:
    """Decide every module of the discriminator, or list everything that does not fit."""
    problems = [
        *_side_problems(frame, places),
        *_channel_problems(spec, frame, places),
        *_group_problems(spec, frame, places),
    ]
    if problems or not _is_possible(frame.side):
        return problems
    return _planned(spec, frame)


def _planned(spec: WaveletDiscriminatorSpec, frame: Frame) -> WaveletDiscriminatorPlan:
    """Every module of a discriminator whose widths fit its resolution."""
    side, spectral, sides = frame.side, spec.spectral_norm, _sides(frame.side)
    widths = spec.channels or (_width(side, spec), *(_width(each, spec) for each in sides[1:]))
    return WaveletDiscriminatorPlan(
        family=spec.family,
        resolution=side,
        image_channels=frame.channels,
        spectral_norm=spectral,
        inputs=tuple(
            block(f"inputs.{k}", "wavelet_input", image_channels=frame.channels, channels=width, spectral=spectral)
            for k, width in enumerate(widths)
        ),
        blocks=tuple(
            block(f"blocks.{k}", "conv_down", in_channels=widths[k], out_channels=widths[k + 1], spectral=spectral)
            for k in range(len(sides) - 1)
        ),
        head=block(
            "head",
            "wavelet_head",
            channels=widths[-1],
            side=LAST_SIDE,
            minibatch_std=spec.minibatch_std,
            spectral=spectral,
        ),
    )


def _width(side: int, spec: WaveletDiscriminatorSpec) -> int:
    """Channels by the published schedule; the first map has those of the image's side, though it is half as large."""
    return max(1, min(_WIDEST, _WIDTH_TIMES_SIDE * spec.channel_multiplier // side))


def _sides(side: int) -> list[int]:
    """Sides of the maps: from half of the image's down to 4."""
    return [side >> k for k in range(1, (side // LAST_SIDE).bit_length())]


def _channel_problems(spec: WaveletDiscriminatorSpec, frame: Frame, places: Places) -> list[Problem]:
    if spec.channels is None or not _is_possible(frame.side) or len(spec.channels) == len(_sides(frame.side)):
        return []
    sides = _sides(frame.side)
    message, hint = f"{len(spec.channels)} widths for {len(sides)} maps", f"one each for {', '.join(map(str, sides))}"
    return [places.problem(("discriminator", "channels"), message, hint, beside=frame.decided_by)]


def _side_problems(frame: Frame, places: Places) -> list[Problem]:
    if _is_possible(frame.side) or frame.wanted not in (None, frame.side):
        return []  # where the data's is another, that is what is said
    message = f"a side of {frame.side} cannot be halved down to {LAST_SIDE}, as the discriminator does"
    hint = f"possible image sides: {SIDES.words} (change {frame.change})"
    path, *beside = frame.decided_by
    return [places.problem(path, message, hint, beside=beside)]


def _is_possible(side: int) -> bool:
    return side >= 2 * LAST_SIDE and side & (side - 1) == 0


SIDES = Sides("8, 16, 32, 64, …", _is_possible)


def _group_problems(spec: WaveletDiscriminatorSpec, frame: Frame, places: Places) -> list[Problem]:
    group, batch = spec.minibatch_std, frame.batch_size
    if group and batch % min(group, batch):
        message = f"groups of {group} do not divide the batch of {batch}"
        hint, beside = "choose a divisor of the batch size", [("training", "batch_size")]
        return [places.problem(("discriminator", "minibatch_std"), message, hint, beside=beside)]
    return []
