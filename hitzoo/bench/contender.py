"""A network that is compared with others: its recipe, its size, and the quality it is known for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hitzoo.hub.quality import Quality
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.table import network_cost
from hitzoo.spec.types import Spec
from hitzoo.zoo.cards import Number


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A spec or model under the name that it was given by."""

    name: str
    spec: Spec
    plan: ModelPlan
    quality: Quality = field(default_factory=Quality)

    def to_json(self) -> dict[str, Any]:
        """Return what is known before anything is measured: FLOPs are per image, 2 per multiply-accumulate."""
        cost = network_cost(self.plan.generator)
        return {
            "model": self.name,
            "family": self.plan.generator.family,
            "resolution": self.plan.resolution,
            "parameters": cost.parameters,
            "flops": cost.flops,
            "published": [_number(number) for number in self.quality.published],
            "measured": [_number(number) for number in self.quality.measured],
        }


def _number(number: Number) -> dict[str, Any]:
    return {"metric": number.metric, "value": number.value, "protocol": number.protocol}
