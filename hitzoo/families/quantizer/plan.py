"""The rules of quantizers: a projection to the width of a code, the choice of a code, and a projection back."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from hitzoo.errors import Problem
from hitzoo.families.family import Frame
from hitzoo.families.quantizer.spec import FsqSpec, LfqSpec, SimVqSpec, VqSpec
from hitzoo.plan.network import PlainNetwork
from hitzoo.plan.ports import Codes, Port
from hitzoo.plan.table import Row, block_row
from hitzoo.plan.types import BlockPlan, block
from hitzoo.spec.place import Places

MOST_CODES = 1 << 24


@dataclass(frozen=True, kw_only=True)
class QuantizerPlan(PlainNetwork):
    """The whole quantizer: a map [B, width, side, side] to one with one of `codes` vectors at every place."""

    family: str
    side: int
    width: int
    codes: int
    project_in: BlockPlan
    choice: BlockPlan
    project_out: BlockPlan

    @property
    def takes(self) -> tuple[Port, ...]:
        """The encoder's map."""
        return (Codes(self.side, self.width),)

    @property
    def gives(self) -> Port:
        """The map of codes."""
        return Codes(self.side, self.width, self.codes)

    def rows(self) -> tuple[Row, ...]:
        """A row for each of its three parts."""
        inner = int(self.project_in.kwargs["out_channels"])
        widths = ((self.project_in, inner), (self.choice, inner), (self.project_out, self.width))
        return tuple(block_row(part, self.side, width) for part, width in widths)


def plan_vq(spec: VqSpec, frame: Frame, places: Places) -> QuantizerPlan | list[Problem]:
    """Plan a code book; a weight that would have no effect is refused."""
    if spec.learned_by == "ema" and spec.codebook_weight != VqSpec.codebook_weight:
        message = "codebook_weight has no effect: a moving average moves the codes, and no gradient"
        path = ("quantizer", "codebook_weight")
        return [places.problem(path, message, "leave it out", beside=[("quantizer", "learned_by")])]
    choice = block(
        "choice",
        "code_book",
        codes=spec.codes,
        width=spec.width,
        averaged=spec.learned_by == "ema",
        unit_length=spec.unit_length,
        codebook_weight=spec.codebook_weight,
        commitment_weight=spec.commitment_weight,
        decay=spec.decay,
        revive_below=spec.revive_below,
    )
    return _planned(spec.family, frame, spec.width, spec.codes, choice)


def plan_simvq(spec: SimVqSpec, frame: Frame, places: Places) -> QuantizerPlan | list[Problem]:
    """Plan a random code book behind a linear layer."""
    weight = spec.commitment_weight
    choice = block("choice", "linear_code_book", codes=spec.codes, width=spec.width, commitment_weight=weight)
    return _planned(spec.family, frame, spec.width, spec.codes, choice)


def plan_fsq(spec: FsqSpec, frame: Frame, places: Places) -> QuantizerPlan | list[Problem]:
    """Plan levels; too many codes are refused."""
    codes = prod(spec.levels)
    if codes > MOST_CODES:
        message = f"{codes:,} codes are more than {MOST_CODES:,}"
        return [places.problem(("quantizer", "levels"), message, "give fewer levels")]
    choice = block("choice", "finite_scalar", levels=",".join(map(str, spec.levels)))
    return _planned(spec.family, frame, len(spec.levels), codes, choice)


def plan_lfq(spec: LfqSpec, frame: Frame, places: Places) -> QuantizerPlan | list[Problem]:
    """Plan signs."""
    choice = block(
        "choice",
        "sign",
        width=spec.bits,
        commitment_weight=spec.commitment_weight,
        entropy_weight=spec.entropy_weight,
        temperature=spec.temperature,
    )
    return _planned(spec.family, frame, spec.bits, 1 << spec.bits, choice)


def _planned(family: str, frame: Frame, inner: int, codes: int, choice: BlockPlan) -> QuantizerPlan | list[Problem]:
    if frame.codes is None:
        return []  # the encoder could not be planned, which is said there
    width = frame.codes.width
    return QuantizerPlan(
        family=family,
        side=frame.codes.side,
        width=width,
        codes=codes,
        project_in=block("project_in", "plain_conv", in_channels=width, out_channels=inner, size=1),
        choice=choice,
        project_out=block("project_out", "plain_conv", in_channels=inner, out_channels=width, size=1),
    )
