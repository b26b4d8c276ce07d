"""The practice a spec asks for when its generator's batch norms take their statistics."""

from __future__ import annotations

from torch import nn

from hitzoo.layers.batch_statistics import GhostStatistics, Statistics, per_replica, synchronised
from hitzoo.layers.norm import set_statistics
from hitzoo.spec.types import TrainingSpec


def use_norm_statistics(generator: nn.Module, training: TrainingSpec) -> None:
    """Set it on every batch norm of the generator; the discriminator has none."""
    practice = training.norm_statistics
    named: dict[object, Statistics] = {"per_replica": per_replica, "synchronised": synchronised}
    set_statistics(generator, GhostStatistics(practice) if isinstance(practice, int) else named[practice])
