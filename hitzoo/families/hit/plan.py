"""The rules of the HiT generator: resolutions double, channels thread through, blocks get their names.

Letters: r resolution of a stage, p side of a block of pixels, g = r/p side of the grid of blocks, C channels.
Source: Zhao et al. 2021, section 3; layouts in the paper's appendix and the official code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hitzoo.errors import Problem
from hitzoo.families.doubling import code_side_problems, doubling_outline, doubling_problems
from hitzoo.families.family import Frame, Outline
from hitzoo.families.head_groups import head_groups
from hitzoo.families.hit.attention import HEAD_GROUPS, attends, attention_kind, block_kind, block_size, in_words
from hitzoo.families.hit.problems import decoder_problems, hit_problems
from hitzoo.families.hit.rows import hit_rows, token_side
from hitzoo.families.hit.spec import HitGeneratorSpec, StageSpec
from hitzoo.families.hit.stage_plan import HitStagePlan
from hitzoo.families.hit.traffic import moved_by_hit
from hitzoo.plan.head_groups import to_words
from hitzoo.plan.network import PlainNetwork
from hitzoo.plan.ports import Codes, Image, Latent, Port
from hitzoo.plan.table import Row
from hitzoo.plan.traffic import Traffic, traffic_of
from hitzoo.plan.types import BlockPlan, Value, block
from hitzoo.spec.place import Places


@dataclass(frozen=True, kw_only=True)
class HitGeneratorPlan(PlainNetwork):
    """The whole generator: latent (B, latent_dim) to image (B, image_channels, resolution, resolution).

    As a decoder its latent_dim is 0, and its first map and tokens are made of a map of codes.
    """

    family: str
    latent_dim: int
    resolution: int
    image_channels: int
    initial: BlockPlan
    tokens: BlockPlan | None
    stages: tuple[HitStagePlan, ...]

    @property
    def takes(self) -> tuple[Port, ...]:
        """The latent, or the codes."""
        if self.is_decoder:
            return (Codes(self.stages[0].resolution, int(self.initial.kwargs["width"])),)
        return (Latent(self.latent_dim),)

    @property
    def is_decoder(self) -> bool:
        """True where codes come in the latent's place."""
        return self.initial.kind == "code_map"

    @property
    def gives(self) -> Port:
        """The image."""
        return Image(self.resolution, self.image_channels)

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """The stages."""
        return tuple((stage.name, stage.resolution) for stage in self.stages)

    @property
    def normed(self) -> int | None:
        """Side of the smallest map or square of tokens that is batch-normed."""
        if not any(part.kwargs.get("norm") == "batch" for part in self._blocks()):
            return None
        return min(token_side(self.tokens) or self.stages[0].resolution, self.stages[0].resolution)

    def rows(self) -> tuple[Row, ...]:
        """A row for each way in, then one per stage."""
        return hit_rows(self.initial, self.tokens, self.stages)

    def traffic(self) -> tuple[Traffic, ...]:
        """The numbers that each row moves; of head groups and of a decoder nobody has counted them."""
        if self.is_decoder or any(stage.attention == HEAD_GROUPS for stage in self.stages):
            return ()
        moved = moved_by_hit(self.latent_dim, self.image_channels, self.tokens, self.stages)
        return traffic_of(self.rows(), moved)

    def _blocks(self) -> Iterator[BlockPlan]:
        for stage in self.stages:
            yield from (part for part in (stage.cross, *stage.blocks, stage.to_rgb) if part is not None)


def plan_hit(spec: HitGeneratorSpec, frame: Frame, places: Places) -> HitGeneratorPlan | list[Problem]:
    """Decide every module of the generator, or list everything that does not fit."""
    problems = hit_problems(spec, places)
    problems += doubling_problems(spec, frame, places)
    problems += code_side_problems(spec, frame, places) or decoder_problems(spec, frame, places)
    if problems:
        return problems
    spec = replace(spec, stages=tuple(map(in_words, spec.stages)))
    initial, tokens = _plan_inputs(spec, frame.codes)
    return HitGeneratorPlan(
        family=spec.family,
        latent_dim=0 if frame.codes else spec.latent_dim,
        resolution=spec.sides[-1],
        image_channels=frame.channels,
        initial=initial,
        tokens=tokens if spec.latent_tokens else None,
        stages=tuple(_plan_stage(spec, index, frame.channels) for index in range(len(spec.stages))),
    )


def _plan_inputs(spec: HitGeneratorSpec, codes: Codes | None) -> tuple[BlockPlan, BlockPlan]:
    """The first map and the tokens, of the latent or of a map of codes."""
    first, side = spec.stages[0].channels, spec.latent_tokens
    if codes is not None:
        initial = block("initial", "code_map", width=codes.width, channels=first)
        return initial, block("tokens", "code_tokens", width=codes.width, side=side, channels=first, norm=spec.norm)
    initial = block("initial", "initial_map", latent_dim=spec.latent_dim, side=spec.initial_size, channels=first)
    tokens = block("tokens", "latent_tokens", latent_dim=spec.latent_dim, side=side, channels=first, norm=spec.norm)
    return initial, tokens


def outline_hit(spec: HitGeneratorSpec) -> Outline:
    """Read off the section what it says of the images, whatever else is wrong with it."""
    smallest = min(spec.latent_tokens or spec.initial_size, spec.initial_size)
    outline = doubling_outline(spec, spec.sides, smallest if spec.norm == "batch" else None)
    return replace(outline, without_batch_norm="norm: layer")


def ended_hit(spec: HitGeneratorSpec) -> tuple[HitGeneratorSpec, ...]:
    """The section ended after each of its stages; the last one of each adds to the image."""
    ends = range(1, len(spec.stages) + 1)
    return tuple(
        replace(spec, stages=(*spec.stages[: end - 1], replace(spec.stages[end - 1], to_rgb=True))) for end in ends
    )


def _plan_stage(spec: HitGeneratorSpec, index: int, image_channels: int) -> HitStagePlan:
    stage = spec.stages[index]
    resolution = spec.sides[index]
    name = f"stages.{index}"
    size = block_size(stage, resolution)
    return HitStagePlan(
        name=name,
        resolution=resolution,
        channels=stage.channels,
        heads=stage.heads if attends(spec, stage) else 0,
        attention=attention_kind(stage),
        block_size=size,
        grid_size=resolution // size if size else 0,
        upsample=_plan_upsample(spec, index),
        position=block(f"{name}.position", "position_embedding", side=resolution, channels=stage.channels),
        cross=_plan_cross(spec, stage, name),
        blocks=_plan_blocks(spec, stage, name, resolution),
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


def _plan_blocks(spec: HitGeneratorSpec, stage: StageSpec, name: str, resolution: int) -> tuple[BlockPlan, ...]:
    """`depth` blocks of the stage's attention, MLP blocks where it has none."""
    args = _mlp(spec, stage) if stage.attention == "none" else _attention(spec, stage)
    if not isinstance(stage.attention, str):
        args |= {"side": resolution, "groups": to_words(head_groups(stage.attention, stage.heads))}
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
