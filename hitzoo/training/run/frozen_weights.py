"""The frozen weights a run is built on, settled before its networks are made: the same in every process."""

from __future__ import annotations

from hitzoo.errors import WeightsError
from hitzoo.families.compile import compile_spec
from hitzoo.families.pretrained import pretrained_of, settled
from hitzoo.objectives.perceptual import fetch
from hitzoo.plan.model import ModelPlan
from hitzoo.runtime.distributed import World
from hitzoo.spec.types import ReconstructionSpec, Spec
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


def fetch_perceptual_weights(spec: Spec, world: World, events: RunEvents) -> None:
    """Have the weights of the network that an autoencoder's pictures are compared by; the first process downloads them.

    Raises:
        RequestError, WeightsError: they cannot be read or had.
    """
    if spec.encoder is None:
        return
    wanted = (spec.training.reconstruction or ReconstructionSpec()).perceptual
    if wanted != "none":
        world.broadcast_from_first(lambda: fetch(wanted, events.noted))


def _hash_of(spec: Spec) -> str:
    known = pretrained_of(spec)
    return known.sha256 if known else ""
