"""The plan of a model: its networks by role, every name, size and shape decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from hitzoo.plan.cost import Cost
from hitzoo.plan.network import NetworkPlan
from hitzoo.plan.ports import Codes, Image, Latent, input_width
from hitzoo.plan.role import Role
from hitzoo.plan.table import network_cost
from hitzoo.plan.types import plan_hash
from hitzoo.spec.types import PixelRange


@dataclass(frozen=True, kw_only=True)
class ModelPlan:
    """The networks of a model; `notes` are for the author and no part of the networks.

    `pixel_range` is the scale of pixel values that the networks work in.
    """

    name: str
    networks: Mapping[Role, NetworkPlan]
    notes: tuple[str, ...] = ()
    pixel_range: PixelRange = "unit"

    def __hash__(self) -> int:
        return hash((self.name, frozenset(self.networks.items()), self.notes))  # a mapping has no hash of its own

    @property
    def generator(self) -> NetworkPlan:
        """The network that makes images."""
        return self.networks["generator"]

    @property
    def discriminator(self) -> NetworkPlan:
        """The network that judges images."""
        return self.networks["discriminator"]

    @property
    def is_autoencoder(self) -> bool:
        """True where the generator decodes what an encoder and a quantizer made of images."""
        return "quantizer" in self.networks

    @property
    def codes(self) -> Codes:
        """The map of codes that the quantizer gives."""
        codes = self.networks["quantizer"].gives
        assert isinstance(codes, Codes), "compile_spec lets no other quantizer through"
        return codes

    @property
    def image(self) -> Image:
        """The images that the generator makes."""
        image = self.generator.gives
        assert isinstance(image, Image), "compile_spec lets no other generator through"
        return image

    @property
    def resolution(self) -> int:
        """Side of the images in pixels."""
        return self.image.side

    @property
    def image_channels(self) -> int:
        """Channels of the images."""
        return self.image.channels

    @property
    def latent_dim(self) -> int:
        """Numbers of the latent z alone."""
        return sum(port.dim for port in self.generator.takes if isinstance(port, Latent))

    @property
    def input_width(self) -> int:
        """Numbers per sample that the generator takes: the latent, and what else its ports are."""
        return input_width(self.generator.takes)

    @property
    def parameters(self) -> int:
        """Parameters of what is used afterwards: the generator, and of an autoencoder encoder and quantizer too."""
        return sum(
            network_cost(network).parameters for role, network in self.networks.items() if role != "discriminator"
        )

    def costs(self) -> dict[Role, Cost]:
        """Parameters, FLOPs and activations of each network."""
        return {role: network_cost(network) for role, network in self.networks.items()}

    def hash(self, role: Role) -> str:
        """The identity of one network; it is stored beside its weights."""
        return plan_hash(self.networks[role])

    @cached_property
    def generator_hash(self) -> str:
        """The identity of the generator."""
        return self.hash("generator")

    @cached_property
    def discriminator_hash(self) -> str:
        """The identity of the discriminator."""
        return self.hash("discriminator")
