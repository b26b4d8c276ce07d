"""Words of both sections: the kinds of attention, and what they ask of a stage."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

from hitzoo.errors import Problem
from hitzoo.plan.types import Value
from hitzoo.spec.place import Path, Places

AttentionKind: TypeAlias = Literal["global", "regional", "axial", "nystrom"]
NormKind: TypeAlias = Literal["layer", "pixel"]


class Attending(Protocol):
    """The attention of a stage, as both sections write it."""

    @property
    def channels(self) -> int:
        """Width of the stage's map."""

    @property
    def heads(self) -> int:
        """Attention heads."""

    @property
    def attention(self) -> AttentionKind:
        """Kind of attention."""

    @property
    def block_size(self) -> int | None:
        """Side of a block of pixels, where the map is cut."""

    @property
    def depth(self) -> int:
        """Blocks with that attention."""

    @property
    def global_depth(self) -> int:
        """Blocks after them that attend to the whole map."""


class Transformer(Protocol):
    """Options that all blocks of a network have in common."""

    @property
    def norm(self) -> NormKind:
        """Kind of norm."""

    @property
    def mlp_expansion(self) -> int:
        """Hidden width of an MLP as a multiple of its channels."""

    @property
    def relative_position(self) -> bool:
        """True for a learned bias by offset."""


def attention_args(network: Transformer, stage: Attending, side: int, index: int) -> dict[str, Value]:
    """Arguments of block number `index` of a stage on a map of `side`², its noise apart."""
    kind = stage.attention if index < stage.depth else "global"
    block_size = (stage.block_size or 0) if kind == "regional" else 0
    args: dict[str, Value] = {
        "channels": stage.channels,
        "heads": stage.heads,
        "norm": network.norm,
        "expansion": network.mlp_expansion,
        "attention": kind,
        "block_size": block_size,
    }
    if network.relative_position:
        args["position_side"] = block_size or side
    return args


def stage_problems(network: Transformer, stage: Attending, side: int, path: Path, places: Places) -> list[Problem]:
    """Everything about a stage's attention that does not fit; `path` is the stage's, `path[0]` its section."""
    return [
        *_head_problems(stage, path, places),
        *_block_problems(stage, side, path, places),
        *_position_problems(network, stage, path, places),
    ]


def _head_problems(stage: Attending, path: Path, places: Places) -> list[Problem]:
    heads, halves = stage.heads, stage.attention == "axial"
    beside = [(*path, "channels"), (*path, "attention")]
    fitting = [count for count in range(1, 65) if stage.channels % count == 0 and not (halves and count % 2)]
    hint = f"possible: {', '.join(map(str, fitting))}" if fitting else "make the number of channels even"
    if stage.channels % heads:
        message = f"{heads} heads do not divide {stage.channels} channels"
        return [places.problem((*path, "heads"), message, hint, beside=beside)]
    if halves and heads % 2:
        message = f"axial attention needs an even number of heads (half for each axis), not {heads}"
        return [places.problem((*path, "heads"), message, hint, beside=beside)]
    return []


def _block_problems(stage: Attending, side: int, path: Path, places: Places) -> list[Problem]:
    size, fitting = stage.block_size, ", ".join(str(size) for size in range(1, side + 1) if side % size == 0)
    if stage.attention != "regional":
        if size is None:
            return []
        hint = "remove block_size, or set attention: regional"
        return [places.problem((*path, "block_size"), f"a map with {stage.attention} attention has no blocks", hint)]
    if size is None:
        message = "regional attention needs the side of its blocks"
        return [places.problem((*path, "attention"), message, f"add block_size, one of: {fitting}")]
    if side % size:
        message = f"blocks of {size} do not divide the stage's resolution {side}"
        return [places.problem((*path, "block_size"), message, f"possible: {fitting}")]
    return []


def _position_problems(network: Transformer, stage: Attending, path: Path, places: Places) -> list[Problem]:
    if not network.relative_position or stage.attention in ("global", "regional") or not stage.depth:
        return []
    message = f"{stage.attention} attention has no relative position"
    hint = "set relative_position: false, or another attention"
    return [places.problem((*path, "attention"), message, hint, beside=[(path[0], "relative_position")])]
