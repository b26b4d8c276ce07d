"""Notes for the author of a spec that fits: practice the paper does not state and a device may change."""

from __future__ import annotations

from hitzoo.plan.network import NetworkPlan
from hitzoo.spec.types import Spec

_OFFICIAL_GROUP = 8  # images: batch 256 on the 32 cores of the official code's TPU example


def notes_of(spec: Spec, generator: NetworkPlan) -> tuple[str, ...]:
    """One line per note."""
    batch, practice = spec.training.batch_size, spec.training.norm_statistics
    if generator.normed is None:
        return (
            () if practice == "per_replica" else ("training.norm_statistics has no effect: the norm is not batch norm",)
        )
    images = practice if isinstance(practice, int) else batch
    if images <= 4 * _OFFICIAL_GROUP:
        return ()
    where = "the images of all processes" if practice == "synchronised" else f"{images} images at once"
    return (
        f"batch norm takes its statistics over {where}; the official runs had about {_OFFICIAL_GROUP} per replica"
        f" (inferred), which training.norm_statistics: {_OFFICIAL_GROUP} does too",
    )
