"""Demands of each kind of attention on a stage, the size of its blocks, and words that are short for head groups."""

from __future__ import annotations

from dataclasses import replace

from hitzoo.families.head_groups import head_groups
from hitzoo.families.hit.spec import AttentionKind, HitGeneratorSpec, StageSpec

BLOCKED = frozenset({"multi_axis", "regional", "dilated", "interleaved"})
"""Kinds that cut the map into blocks; `global` and `axial` take it whole."""

HALVED = frozenset({"multi_axis", "axial"})
"""Kinds that give each half of the heads an axis of its own."""


HEAD_GROUPS = "head_groups"
"""The kind of a stage whose groups no word is short for."""

_SHORT: dict[tuple[str, ...], AttentionKind] = {
    ("regional", "dilated"): "multi_axis",
    ("regional",): "regional",
    ("dilated",): "dilated",
    ("row", "column"): "axial",
    ("global",): "global",
}
"""Words by the patterns of their groups, which share the heads evenly, have no bias, and blocks of one size."""


def in_words(stage: StageSpec) -> StageSpec:
    """Put the word that is short for a stage's head groups in their place, where there is one: the same network."""
    if isinstance(stage.attention, str):
        return stage
    groups = head_groups(stage.attention, stage.heads)
    word = _SHORT.get(tuple(group.pattern for group in groups))
    alike = len({(group.heads, group.size) for group in groups}) == 1
    if word is None or not alike or any(group.bias for group in groups):
        return stage
    return replace(stage, attention=word, block_size=groups[0].size or None)


def attention_kind(stage: StageSpec) -> str:
    """Name the attention of a stage."""
    return stage.attention if isinstance(stage.attention, str) else HEAD_GROUPS


def attends(spec: HitGeneratorSpec, stage: StageSpec) -> bool:
    """True if a stage has heads at all: to its own map or to the latent tokens."""
    return stage.attention != "none" or spec.latent_tokens > 0


def block_kind(stage: StageSpec, index: int) -> str:
    """Name the block at a place of a stage; interleaved attention begins with a regional one."""
    if stage.attention == "none":
        return "mlp_block"
    if stage.attention == "interleaved":
        return "dilated_block" if index % 2 else "regional_block"
    return f"{attention_kind(stage)}_block"


def block_size(stage: StageSpec, resolution: int) -> int:
    """The side of the stage's blocks in pixels; 0 where the map is not cut."""
    if attention_kind(stage) not in BLOCKED:
        return 0
    return stage.block_size if isinstance(stage.block_size, int) else balanced_block_size(resolution)


def balanced_block_size(resolution: int) -> int:
    """The p that divides r nearest to r/p, so that p·p ≈ (r/p)·(r/p); the larger of two as near (4 at 8, 8 at 32)."""
    divisors = [p for p in range(1, resolution + 1) if resolution % p == 0]
    return min(divisors, key=lambda p: (abs(p - resolution // p), -p))
