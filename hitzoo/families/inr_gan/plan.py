"""The rules of INR-GAN: what each stage is given, and how many directions its waves have.

Source: Skorokhodov et al. 2021, sections 3.2 and 3.3, and the published code where the two differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hitzoo.errors import Problem
from hitzoo.families.family import LARGEST_SIDE, Frame, Outline
from hitzoo.families.inr_gan.spec import InrGanGeneratorSpec
from hitzoo.families.inr_gan.stage_plan import InrGanStagePlan
from hitzoo.families.inr_gan.traffic import InrGanTraffic
from hitzoo.plan.cost import Cost
from hitzoo.plan.counting import keeps
from hitzoo.plan.network import PlainNetwork
from hitzoo.plan.ports import Image, Latent, Port
from hitzoo.plan.style_cost import factorized_linear, modulated_linear
from hitzoo.plan.style_traffic import mapping_network
from hitzoo.plan.table import Row, block_row
from hitzoo.plan.traffic import Traffic, traffic_of
from hitzoo.plan.types import BlockPlan, block
from hitzoo.spec.place import Places

_MAPPING_RATE = 0.01


@dataclass(frozen=True, kw_only=True)
class InrGanGeneratorPlan(PlainNetwork):
    """The whole generator: latent (B, latent_dim) to image (B, image_channels, resolution, resolution)."""

    family: str
    latent_dim: int
    style_dim: int
    resolution: int
    image_channels: int
    rank: int
    upsample: str
    mapping: BlockPlan
    stages: tuple[InrGanStagePlan, ...]

    @property
    def takes(self) -> tuple[Port, ...]:
        """The latent."""
        return (Latent(self.latent_dim),)

    @property
    def gives(self) -> Port:
        """The image."""
        return Image(self.resolution, self.image_channels)

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """The stages."""
        return tuple((stage.name, stage.resolution) for stage in self.stages)

    @property
    def returns_w(self) -> bool:
        """Its style."""
        return True

    def rows(self) -> tuple[Row, ...]:
        """The mapping network, and a row per stage."""
        return (block_row(self.mapping, 1, self.style_dim), *map(self._row, self.stages))

    def traffic(self) -> tuple[Traffic, ...]:
        """The numbers that each row moves; features of positions are written and read once for a batch."""
        mapping = mapping_network(self.latent_dim, self.style_dim, int(self.mapping.kwargs["layers"]))
        of = InrGanTraffic(
            style_dim=self.style_dim, image_channels=self.image_channels, rank=self.rank, upsample=self.upsample
        )
        moved = [of.stage(stage, last=stage is self.stages[-1]) for stage in self.stages]
        whole, *parts = traffic_of(self.rows(), [mapping, *moved])
        made = (2 * stage.resolution**2 * stage.features for stage in self.stages)
        return (whole, *(part.with_shared(numbers) for part, numbers in zip(parts, made, strict=True)))

    def _row(self, stage: InrGanStagePlan) -> Row:
        positions, first = stage.resolution**2, stage is self.stages[0]
        cost = Cost(parameters=positions * stage.embedding)
        if not first and (stage.features or stage.upsample):  # the first one's is one for the batch
            cost += keeps((positions, stage.inner + stage.features))
        for index, (inner, outer) in enumerate(stage.widths):
            cost += factorized_linear(positions, inner, outer, self.style_dim, self.rank) + keeps((positions, outer))
            if self.upsample == "bilinear" and index and not first:
                cost += keeps((positions, outer), (1, 2 * outer))
        cost += modulated_linear(positions, stage.channels, self.image_channels, self.style_dim, demodulated=False)
        return Row(name=stage.name, resolution=stage.resolution, channels=stage.channels, to_rgb=True, cost=cost)


def plan_inr_gan(spec: InrGanGeneratorSpec, frame: Frame, places: Places) -> InrGanGeneratorPlan | list[Problem]:
    """Decide every stage, or say what does not fit."""
    if problems := [*_problems(spec, places)]:
        return problems
    return InrGanGeneratorPlan(
        family=spec.family,
        latent_dim=spec.latent_dim,
        style_dim=spec.style_dim,
        resolution=spec.sides[-1],
        image_channels=frame.channels,
        rank=spec.rank,
        upsample=spec.upsample,
        mapping=block(
            "mapping",
            "mapping_network",
            latent_dim=spec.latent_dim,
            width=spec.style_dim,
            layers=spec.mapping_layers,
            learning_rate=_MAPPING_RATE,
        ),
        stages=tuple(_stages(spec)),
    )


def outline_inr_gan(spec: InrGanGeneratorSpec) -> Outline:
    """Read off the section what it says of the images."""
    return Outline(
        side=spec.sides[-1],
        decided_by=(("generator", "stages"), ("generator", "initial_size")),
        change="generator.initial_size or the stages with upsample",
        resolutions=spec.sides,
    )


def _problems(spec: InrGanGeneratorSpec, places: Places) -> Iterator[Problem]:
    first = spec.stages[0]
    if not (first.waves or first.random_waves or first.embedding):
        message = "the first stage is given nothing to make an image of"
        yield places.problem(("generator", "stages", 0), message, "give it waves, random_waves or embedding")
    if spec.sides[-1] > LARGEST_SIDE:
        message, hint = f"the stages reach {spec.sides[-1]} pixels", f"at most {LARGEST_SIDE}"
        yield places.problem(("generator", "stages"), message, hint)


def _stages(spec: InrGanGeneratorSpec) -> Iterator[InrGanStagePlan]:
    inner = 0
    for index, (stage, side) in enumerate(zip(spec.stages, spec.sides, strict=True)):
        yield InrGanStagePlan(
            name=f"stages.{index}",
            resolution=side,
            inner=inner,
            channels=stage.channels,
            depth=stage.depth,
            upsample=bool(index) and stage.upsample,
            waves=stage.waves,
            random_waves=stage.random_waves,
            embedding=stage.embedding,
        )
        inner = stage.channels
