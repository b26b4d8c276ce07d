"""Find the network that a name means, where its weights do not matter."""

from __future__ import annotations

from pathlib import Path

from hitzoo.families.open import open_spec
from hitzoo.hub.bars import Progress
from hitzoo.hub.locate import locate
from hitzoo.plan.model import ModelPlan
from hitzoo.spec.shipped import shipped_specs


def plan_of(model: str, *, progress: Progress | None = None) -> ModelPlan:
    """Compile the plan of a spec (its file, or a shipped one's name), or of whatever `hitzoo.load` takes.

    Raises:
        SpecError: a spec that cannot be used.
        UnknownNameError, WeightsError, HubError: as `hitzoo.load`.
    """
    if model in shipped_specs() or Path(model).suffix in (".yaml", ".yml"):
        return open_spec(model)[1]
    return locate(model, progress=progress).plan
