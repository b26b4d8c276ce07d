"""What an author may want to know of a spec that fits: practice the paper does not state and a device may change."""

from __future__ import annotations

from hitzoo.spec.types import HitGeneratorSpec, Spec

_OFFICIAL_GROUP = 8  # images: batch 256 on the 32 cores of the official code's TPU example


def notes_of(spec: Spec) -> tuple[str, ...]:
    """One line a note."""
    batch = spec.training.batch_size
    uses_batch_norm = not isinstance(spec.generator, HitGeneratorSpec) or spec.generator.norm == "batch"
    if uses_batch_norm and spec.training.norm_statistics == "per_replica" and batch > 4 * _OFFICIAL_GROUP:
        return (
            f"batch norm takes its statistics over all {batch} images of one process; the official runs had about"
            f" {_OFFICIAL_GROUP} a replica (inferred), which training.norm_statistics: {_OFFICIAL_GROUP} does too",
        )
    return ()
