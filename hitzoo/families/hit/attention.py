"""Demands of each kind of attention on a stage, and the size of its blocks."""

from __future__ import annotations

from hitzoo.families.hit.spec import HitGeneratorSpec, StageSpec

BLOCKED = frozenset({"multi_axis", "regional", "dilated", "interleaved"})
"""Kinds that cut the map into blocks; `global` and `axial` take it whole."""

HALVED = frozenset({"multi_axis", "axial"})
"""Kinds that give each half of the heads an axis of its own."""


def attends(spec: HitGeneratorSpec, stage: StageSpec) -> bool:
    """True if a stage has heads at all: to its own map or to the latent tokens."""
    return stage.attention != "none" or spec.latent_tokens > 0


def block_kind(stage: StageSpec, index: int) -> str:
    """Name the block at a place of a stage; interleaved attention begins with a regional one."""
    if stage.attention == "none":
        return "mlp_block"
    if stage.attention == "interleaved":
        return "dilated_block" if index % 2 else "regional_block"
    return f"{stage.attention}_block"


def block_size(stage: StageSpec, resolution: int) -> int:
    """The side of the stage's blocks in pixels; 0 where the map is not cut."""
    if stage.attention not in BLOCKED:
        return 0
    return stage.block_size if isinstance(stage.block_size, int) else balanced_block_size(resolution)


def balanced_block_size(resolution: int) -> int:
    """The p that divides r nearest to r/p, so that p·p ≈ (r/p)·(r/p); the larger of two as near (4 at 8, 8 at 32)."""
    divisors = [p for p in range(1, resolution + 1) if resolution % p == 0]
    return min(divisors, key=lambda p: (abs(p - resolution // p), -p))
