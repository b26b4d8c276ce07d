"""Find the networks that a name means, where their weights do not matter."""

from __future__ import annotations

from pathlib import Path

from hitzoo.families.open import open_spec
from hitzoo.hub.bars import Progress
from hitzoo.hub.locate import locate
from hitzoo.plan.model import ModelPlan
from hitzoo.spec.shipped import shipped_specs
from hitzoo.spec.types import Spec
from hitzoo.zoo.model_folder import ModelFolder


def plan_of(model: str, *, progress: Progress | None = None) -> ModelPlan:
    """Compile the plan of a spec (its file, or a shipped one's name), or of whatever `hitzoo.load` takes.

    Raises:
        SpecError: a spec that cannot be used.
        UnknownNameError, WeightsError, HubError: as `hitzoo.load`.
    """
    return networks_of(model, progress=progress)[1]


def networks_of(model: str, *, progress: Progress | None = None) -> tuple[Spec, ModelPlan, ModelFolder | None]:
    """Find the spec and the plan of a name, as `plan_of`, and its model, which is None for a spec.

    Raises:
        SpecError: a spec that cannot be used.
        UnknownNameError, WeightsError, HubError: as `hitzoo.load`.
    """
    if model in shipped_specs() or Path(model).suffix in (".yaml", ".yml"):
        return *open_spec(model), None
    found = locate(model, progress=progress)
    return found.spec, found.plan, found
