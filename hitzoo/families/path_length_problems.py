"""Problems of path length regularization with the generator and its batch."""

from __future__ import annotations

from hitzoo.errors import Problem
from hitzoo.plan.network import NetworkPlan
from hitzoo.spec.batches import generator_batch_size
from hitzoo.spec.place import Path
from hitzoo.spec.types import Spec


def path_length_problems(spec: Spec, generator: NetworkPlan) -> list[Problem]:
    """A generator without an intermediate latent, and a batch that has no such part."""
    own = spec.training.path_length
    if own is None:
        return []
    place: Path = ("training", "regularizers", spec.training.regularizers.index(own))
    if not generator.returns_w:
        message = f"path_length is of an intermediate latent w, and the family {generator.family} gives none"
        hint = "leave it out, or take a generator with a mapping network, such as stylegan2"
        return [spec.places.problem(place, message, hint, beside=[("generator", "family")])]
    batch = generator_batch_size(spec.training)
    if batch % own.batch_shrink:
        message = f"the generator's batch of {batch} has no whole part of 1/{own.batch_shrink}"
        beside: list[Path] = [("training", "batch_size"), ("training", "updates", "generator_batch_size")]
        hint = f"choose a divisor of {batch}"
        return [spec.places.problem((*place, "batch_shrink"), message, hint, beside=beside)]
    return []
