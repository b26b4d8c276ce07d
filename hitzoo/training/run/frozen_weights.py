"""The frozen weights a run is built on, settled before its networks are made: the same in every process."""

from __future__ import annotations

from hitzoo.errors import WeightsError
from hitzoo.families.compile import compile_spec
from hitzoo.families.pretrained import pretrained_of, settled
from hitzoo.plan.model import ModelPlan
from hitzoo.runtime.distributed import World
from hitzoo.spec.types import Spec
from hitzoo.training.run.events import RunEvents


def with_frozen_weights(spec: Spec, plan: ModelPlan, world: World, events: RunEvents) -> tuple[Spec, ModelPlan]:
    """Return the spec with the hash of the frozen weights, and its plan; the first process may download them.

    Raises:
        RequestError, WeightsError: they cannot be read or had, or are others than the spec or the first process has.
    """
    if pretrained_of(spec) is None:
        return spec, plan
    found = world.broadcast_from_first(lambda: _hash_of(settled(spec, events.noted)))
    own = settled(spec, events.noted)
    if _hash_of(own) != found:
        raise WeightsError(
            f"this process has other frozen weights ({_hash_of(own)[:12]}…) than the first ({found[:12]}…)"
        )
    return own, compile_spec(own)


def _hash_of(spec: Spec) -> str:
    known = pretrained_of(spec)
    return known.sha256 if known else ""
