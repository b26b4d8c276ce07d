"""A spec loaded and compiled in one go, so that what is written wrong and what does not fit come together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hitzoo.errors import SpecError
from hitzoo.plan.compile import ModelPlan, compile_spec
from hitzoo.spec.load import load_spec
from hitzoo.spec.types import Spec


def open_spec(name_or_path: str | Path, overrides: Sequence[str] = ()) -> tuple[Spec, ModelPlan]:
    """The spec and its plan.

    Raises:
        SpecError: everything wrong with the document; sizes are checked too where only unknown keys stand in the way.
        UnknownNameError, RequestError: as `load_spec`.
    """
    try:
        spec = load_spec(name_or_path, overrides)
    except SpecError as error:
        raise _with_what_does_not_fit(error) from None
    return spec, compile_spec(spec)


def _with_what_does_not_fit(error: SpecError) -> SpecError:
    if not isinstance(error.usable, Spec):
        return error
    try:
        compile_spec(error.usable)
    except SpecError as unfit:
        return SpecError(error.source, [*error.problems, *unfit.problems])
    return error
