"""The rules of the HiT generator: resolutions double, channels thread through, blocks get their names.

Letters: r resolution of a stage, p side of a block of pixels, g = r/p side of the grid of blocks, C channels.
Source: Zhao et al. 2021, section 3; layouts in the paper's appendix and the official code.
"""

from __future__ import annotations

from dataclasses import dataclass

from hitzoo.errors import Problem
from hitzoo.plan.types import BlockPlan, Value, block
from hitzoo.spec.place import Path, Places
from hitzoo.spec.types import HitGeneratorSpec, StageSpec

_LARGEST_SIDE = 1 << 16  # pixels; beyond it a position table alone would be hundreds of GB


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
    problems = _problems(spec, places)
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


def balanced_block_size(resolution: int) -> int:
    """The p that divides r with p·p nearest to (r/p)·(r/p); the larger of two equally near (4 at 8, 8 at 32)."""
    divisors = [p for p in range(1, resolution + 1) if resolution % p == 0]
    return min(divisors, key=lambda p: (abs(p - resolution // p), -p))


def _resolution(spec: HitGeneratorSpec, index: int) -> int:
    return spec.initial_size << index


def _plan_stage(spec: HitGeneratorSpec, index: int, image_channels: int) -> HitStagePlan:
    stage = spec.stages[index]
    resolution = _resolution(spec, index)
    name = f"stages.{index}"
    block_size = _block_size(stage, resolution)
    return HitStagePlan(
        name=name,
        resolution=resolution,
        channels=stage.channels,
        heads=stage.heads if _attends(spec, stage) else 0,
        attention=stage.attention,
        block_size=block_size,
        grid_size=resolution // block_size if block_size else 0,
        upsample=_plan_upsample(spec, index),
        position=block(f"{name}.position", "position_embedding", side=resolution, channels=stage.channels),
        cross=_plan_cross(spec, stage, name),
        blocks=_plan_blocks(spec, stage, name),
        to_rgb=_plan_to_rgb(spec, index, image_channels),
    )


def _attends(spec: HitGeneratorSpec, stage: StageSpec) -> bool:
    """Whether a stage has heads at all: to its own map or to the latent tokens."""
    return stage.attention != "none" or spec.latent_tokens > 0


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
    kind, args = (
        ("mlp_block", _mlp(spec, stage))
        if stage.attention == "none"
        else (f"{stage.attention}_block", _attention(spec, stage))
    )
    return tuple(block(f"{name}.blocks.{index}", kind, **args) for index in range(stage.depth))


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


def _block_size(stage: StageSpec, resolution: int) -> int:
    if stage.attention == "none":
        return 0
    if stage.block_size in (None, "auto"):
        return balanced_block_size(resolution)
    return int(stage.block_size or 0)


def _problems(spec: HitGeneratorSpec, places: Places) -> list[Problem]:
    if _resolution(spec, len(spec.stages) - 1) > _LARGEST_SIDE:
        message = f"{len(spec.stages)} stages from {spec.initial_size} end at {_resolution(spec, len(spec.stages) - 1)}"
        hint = f"the largest image has a side of {_LARGEST_SIDE} pixels"
        return [places.problem(("generator", "stages"), message, hint)]
    problems: list[Problem] = []
    for index, stage in enumerate(spec.stages):
        path: Path = ("generator", "stages", index)
        problems += _head_problems(spec, stage, path, places)
        problems += _block_problems(stage, _resolution(spec, index), path, places)
        problems += _width_problems(spec, index, path, places)
    if spec.stages[-1].to_rgb is False:
        path = ("generator", "stages", len(spec.stages) - 1, "to_rgb")
        problems.append(places.problem(path, "the last stage must add to the image", "remove to_rgb or set it to true"))
    return problems


def _head_problems(spec: HitGeneratorSpec, stage: StageSpec, path: Path, places: Places) -> list[Problem]:
    halves = stage.attention == "multi_axis"
    fitting = [h for h in range(1, 65) if stage.channels % h == 0 and not (halves and h % 2)]
    hint = f"possible: {', '.join(map(str, fitting))}" if fitting else "make the number of channels even"
    if _attends(spec, stage) and stage.channels % stage.heads:
        message = f"{stage.heads} heads do not divide {stage.channels} channels"
        return [places.problem((*path, "heads"), message, hint)]
    if halves and stage.heads % 2:
        message = f"multi_axis attention needs an even number of heads (half for each axis), not {stage.heads}"
        return [places.problem((*path, "heads"), message, hint)]
    return []


def _block_problems(stage: StageSpec, resolution: int, path: Path, places: Places) -> list[Problem]:
    size = stage.block_size
    if stage.attention == "none":
        if size is None:
            return []
        message = "a stage without attention has no blocks"
        return [places.problem((*path, "block_size"), message, "remove block_size, or set attention: multi_axis")]
    if isinstance(size, int) and resolution % size:
        fitting = [p for p in range(1, resolution + 1) if resolution % p == 0]
        message = f"blocks of {size} do not divide the stage's resolution {resolution}"
        hint = f"possible: {', '.join(map(str, fitting))}; auto takes {balanced_block_size(resolution)}"
        return [places.problem((*path, "block_size"), message, hint)]
    return []


def _width_problems(spec: HitGeneratorSpec, index: int, path: Path, places: Places) -> list[Problem]:
    """Every stage but the last gives a quarter of its channels to each of four pixels."""
    channels = spec.stages[index].channels
    if index < len(spec.stages) - 1 and channels % 4:
        message = f"{channels} channels cannot be dealt to 2×2 pixels of the next stage"
        hint = f"a multiple of 4, for example {max(4, round(channels / 4) * 4)}"
        return [places.problem((*path, "channels"), message, hint)]
    return []
