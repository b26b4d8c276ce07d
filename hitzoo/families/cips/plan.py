"""The rules of CIPS: one layer from the positional features, then pairs of layers, each with a share in the image.

Source: Anokhin et al. 2021, section 3 and figure 2; the widths of the published code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hitzoo.errors import Problem
from hitzoo.families.cips.spec import CipsGeneratorSpec
from hitzoo.families.cips.traffic import CipsTraffic
from hitzoo.families.family import Frame, Outline
from hitzoo.plan.cost import Cost
from hitzoo.plan.counting import keeps
from hitzoo.plan.moved import Moved
from hitzoo.plan.network import PlainNetwork
from hitzoo.plan.ports import Image, Latent, NoiseKey, Port
from hitzoo.plan.style_cost import modulated_linear
from hitzoo.plan.style_traffic import mapping_network
from hitzoo.plan.table import Row, block_row
from hitzoo.plan.traffic import Traffic, traffic_of
from hitzoo.plan.types import BlockPlan, block
from hitzoo.spec.place import Places

_MAPPING_RATE = 0.01


@dataclass(frozen=True, kw_only=True)
class CipsGeneratorPlan(PlainNetwork):
    """The whole generator: rows (B, input_width) to image (B, image_channels, resolution, resolution)."""

    family: str
    latent_dim: int
    style_dim: int
    mapping: BlockPlan
    resolution: int
    image_channels: int
    fourier_features: int
    embedding: int
    align_corners: bool
    noise: bool
    channels: tuple[int, ...]

    @property
    def takes(self) -> tuple[Port, ...]:
        """The latent, and with noise its key."""
        return (Latent(self.latent_dim), *([NoiseKey()] if self.noise else []))

    @property
    def gives(self) -> Port:
        """The image."""
        return Image(self.resolution, self.image_channels)

    @property
    def features(self) -> int:
        """Numbers that a pixel begins with."""
        return self.fourier_features + self.embedding

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """The pairs, all at the image's resolution."""
        return tuple((f"pairs.{index}", self.resolution) for index in range(len(self.channels)))

    @property
    def returns_w(self) -> bool:
        """Its style."""
        return True

    def rows(self) -> tuple[Row, ...]:
        """The mapping network, the positional features, the first layer, and a row per pair."""
        positions, width = self.resolution**2, self.channels[0]
        table = Cost(parameters=positions * self.embedding)
        waves = Cost(parameters=3 * self.fourier_features)  # sums of what rows and columns have, once for a batch
        return (
            block_row(self.mapping, 1, self.style_dim),
            Row(name="waves", resolution=self.resolution, channels=self.fourier_features, cost=waves),
            Row(name="table", resolution=self.resolution, channels=self.embedding, cost=table),
            Row(name="first", resolution=self.resolution, channels=width, cost=self._styled(self.features, width)),
            *self._pair_rows(),
        )

    def traffic(self) -> tuple[Traffic, ...]:
        """The numbers that each row moves; features of pixels are written and read once for a batch."""
        positions, width = self.resolution**2, self.channels[0]
        of = CipsTraffic(
            positions=positions, style_dim=self.style_dim, image_channels=self.image_channels, noise=self.noise
        )
        mapping = mapping_network(self.latent_dim, self.style_dim, int(self.mapping.kwargs["layers"]))
        first = of.styled(self.features, width, shared=True)
        parts = traffic_of(self.rows(), [mapping, Moved(), Moved(), first, *of.pairs(width, self.channels)])
        made = {"waves": self.fourier_features, "table": self.embedding}
        return tuple(part.with_shared(2 * positions * made.get(part.name, 0)) for part in parts)

    def _pair_rows(self) -> Iterator[Row]:
        inner, positions = self.channels[0], self.resolution**2
        for index, outer in enumerate(self.channels):
            cost = self._styled(inner, outer) + self._styled(outer, outer)
            cost += modulated_linear(positions, outer, self.image_channels, self.style_dim, demodulated=False)
            yield Row(name=f"pairs.{index}", resolution=self.resolution, channels=outer, to_rgb=True, cost=cost)
            inner = outer

    def _styled(self, inner: int, outer: int) -> Cost:
        positions = self.resolution**2
        strength = Cost(1) + keeps((positions, 1)) if self.noise else Cost()
        return modulated_linear(positions, inner, outer, self.style_dim) + strength + keeps((positions, outer))


def plan_cips(spec: CipsGeneratorSpec, frame: Frame, places: Places) -> CipsGeneratorPlan | list[Problem]:
    """Decide every size; any widths fit."""
    return CipsGeneratorPlan(
        family=spec.family,
        latent_dim=spec.latent_dim,
        style_dim=spec.style_dim,
        mapping=block(
            "mapping",
            "mapping_network",
            latent_dim=spec.latent_dim,
            width=spec.style_dim,
            layers=spec.mapping_layers,
            learning_rate=_MAPPING_RATE,
        ),
        resolution=spec.resolution,
        image_channels=frame.channels,
        fourier_features=spec.fourier_features,
        embedding=spec.embedding,
        align_corners=spec.align_corners,
        noise=spec.noise,
        channels=spec.channels,
    )


def outline_cips(spec: CipsGeneratorSpec) -> Outline:
    """Read off the section what it says of the images."""
    return Outline(
        side=spec.resolution,
        decided_by=(("generator", "resolution"),),
        change="generator.resolution",
        resolutions=(spec.resolution,) * len(spec.channels),
    )
