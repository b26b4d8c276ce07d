"""The rules of the HiT generator: resolutions double, channels thread through, blocks get their names.

Letters: r resolution of a stage, p side of a block of pixels, g = r/p side of the grid of blocks, C channels.
Source: Zhao et al. 2021, section 3; layouts in the paper's appendix and the official code.
"""

from __future__ import annotations

from dataclasses import dataclass

from hitzoo.errors import Problem
from hitzoo.families.hit.attention import attends, block_kind, block_size
from hitzoo.families.hit.problems import hit_problems
from hitzoo.families.hit.spec import HitGeneratorSpec, StageSpec
from hitzoo.plan.types import BlockPlan, Value, block
from hitzoo.spec.place import Places


@dataclass(frozen=True, kw_only=True)
class HitStagePlan:
    """One stage at one resolution.

    `block_size` and `grid_size` are 0 in a stage without attention, `heads` where nothing attends.
    """

    name: str
    resolution: int
    channels: int
    heads: int
    attention: str
    block_size: int
    grid_size: int
    upsample: BlockPlan | None
    position: BlockPlan
    cross: BlockPlan | None
    blocks: tuple[BlockPlan, ...]
    to_rgb: BlockPlan | None


@dataclass(frozen=True, kw_only=True)
class HitGeneratorPlan:
    """The whole generator: latent (B, latent_dim) to image (B, image_channels, resolution, resolution)."""

    family: str
    latent_dim: int
    resolution: int
    image_channels: int
    initial: BlockPlan
    tokens: BlockPlan | None
    stages: tuple[HitStagePlan, ...]


def plan_hit(
    spec: HitGeneratorSpec, image_channels: int, places: Places
) -> tuple[HitGeneratorPlan | None, list[Problem]]:
    """Decide every module of the generator, or say everything that does not fit."""
    problems = hit_problems(spec, places)
    if problems:
        return None, problems
    first = spec.stages[0].channels
    side = spec.latent_tokens
    tokens = block("tokens", "latent_tokens", latent_dim=spec.latent_dim, side=side, channels=first, norm=spec.norm)
    return (
        HitGeneratorPlan(
            family=spec.family,
            latent_dim=spec.latent_dim,
            resolution=_resolution(spec, len(spec.stages) - 1),
            image_channels=image_channels,
            initial=block("initial", "initial_map", latent_dim=spec.latent_dim, side=spec.initial_size, channels=first),
            tokens=tokens if side else None,
            stages=tuple(_plan_stage(spec, index, image_channels) for index in range(len(spec.stages))),
        ),
        [],
    )


def _resolution(spec: HitGeneratorSpec, index: int) -> int:
    return spec.initial_size << index


def _plan_stage(spec: HitGeneratorSpec, index: int, image_channels: int) -> HitStagePlan:
    stage = spec.stages[index]
    resolution = _resolution(spec, index)
    name = f"stages.{index}"
    size = block_size(stage, resolution)
    return HitStagePlan(
        name=name,
        resolution=resolution,
        channels=stage.channels,
        heads=stage.heads if attends(spec, stage) else 0,
        attention=stage.attention,
        block_size=size,
        grid_size=resolution // size if size else 0,
        upsample=_plan_upsample(spec, index),
        position=block(f"{name}.position", "position_embedding", side=resolution, channels=stage.channels),
        cross=_plan_cross(spec, stage, name),
        blocks=_plan_blocks(spec, stage, name),
        to_rgb=_plan_to_rgb(spec, index, image_channels),
    )


def _plan_upsample(spec: HitGeneratorSpec, index: int) -> BlockPlan | None:
    """Depth-to-space, then a linear layer only where the widths differ."""
    if index == 0:
        return None
    name = f"stages.{index}.upsample"
    return block(
        name, "upsample", in_channels=spec.stages[index - 1].channels, out_channels=spec.stages[index].channels
    )


def _plan_cross(spec: HitGeneratorSpec, stage: StageSpec, name: str) -> BlockPlan | None:
    """Cross-attention to the latent tokens, where there are any."""
    if not spec.latent_tokens:
        return None
    token_channels = spec.stages[0].channels
    return block(f"{name}.cross", "cross_attention_block", token_channels=token_channels, **_attention(spec, stage))


def _plan_blocks(spec: HitGeneratorSpec, stage: StageSpec, name: str) -> tuple[BlockPlan, ...]:
    """`depth` blocks of the stage's attention, MLP blocks where it has none."""
    args = _mlp(spec, stage) if stage.attention == "none" else _attention(spec, stage)
    return tuple(block(f"{name}.blocks.{index}", block_kind(stage, index), **args) for index in range(stage.depth))


def _mlp(spec: HitGeneratorSpec, stage: StageSpec) -> dict[str, Value]:
    return {"channels": stage.channels, "norm": spec.norm, "expansion": spec.mlp_expansion}


def _attention(spec: HitGeneratorSpec, stage: StageSpec) -> dict[str, Value]:
    return _mlp(spec, stage) | {"heads": stage.heads, "share_kv": spec.heads_share_kv}


def _plan_to_rgb(spec: HitGeneratorSpec, index: int, image_channels: int) -> BlockPlan | None:
    stage = spec.stages[index]
    last = index == len(spec.stages) - 1
    wanted = stage.to_rgb if stage.to_rgb is not None else last or stage.attention == "none"
    if not wanted:
        return None
    return block(
        f"stages.{index}.to_rgb", "to_rgb", channels=stage.channels, image_channels=image_channels, norm=spec.norm
    )
