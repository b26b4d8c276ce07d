"""The plan of one network: all that anything above its family may ask of it."""

from __future__ import annotations

from typing import Protocol

from hitzoo.plan.ports import Port
from hitzoo.plan.table import Row
from hitzoo.plan.traffic import Traffic


class NetworkPlan(Protocol):
    """A frozen dataclass of plain values: its fields identify the network (`plan_hash`), the rest follows from them."""

    @property
    def family(self) -> str:
        """Name of the family that made the plan and builds it."""

    @property
    def takes(self) -> tuple[Port, ...]:
        """Input ports: of a generator its latent and whatever else it takes, of a discriminator the image."""

    @property
    def gives(self) -> Port:
        """Port of the output."""

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """Module paths with their resolutions: what activation checkpointing can compute again, in order."""

    @property
    def grouped(self) -> int:
        """Images that must stay together in one forward pass, as for a minibatch's standard deviation; else 1."""

    @property
    def styles(self) -> int:
        """Places of a generator that take a style each, in their order, as style mixing counts them; else 0."""

    @property
    def returns_w(self) -> bool:
        """True for a generator that can give its intermediate latent w beside the images (`return_w`)."""

    @property
    def normed(self) -> int | None:
        """Side in pixels of the smallest map that is batch-normed in training; None without batch norm."""

    def rows(self) -> tuple[Row, ...]:
        """The network from its input to its output as lines of a table; their costs add up to the whole."""

    def traffic(self) -> tuple[Traffic, ...]:
        """Memory traffic of each row, by byte model; () where it is not counted."""


class PlainNetwork:
    """Base of plans that says no to what few networks have: parts, groups, styles, w, batch norm, traffic."""

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """Nothing can be computed again."""
        return ()

    @property
    def grouped(self) -> int:
        """No image touches another's output."""
        return 1

    @property
    def styles(self) -> int:
        """No place takes a style of its own."""
        return 0

    @property
    def returns_w(self) -> bool:
        """There is no intermediate latent."""
        return False

    @property
    def normed(self) -> int | None:
        """There is no batch norm."""
        return None

    def traffic(self) -> tuple[Traffic, ...]:
        """Nobody has counted it."""
        return ()
