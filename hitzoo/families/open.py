"""A spec loaded and compiled in one go, so that what is written wrong and what does not fit come together."""

from __future__ import annotations

from pathlib import Path

from hitzoo.errors import Problem, SpecError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.plan.model import ModelPlan
from hitzoo.spec.override import Overrides
from hitzoo.spec.types import Spec


def open_spec(name_or_path: str | Path, overrides: Overrides = ()) -> tuple[Spec, ModelPlan]:
    """The spec and its plan.

    Raises:
        SpecError: everything wrong with the document, its sizes too, however much else is wrong.
        UnknownNameError, RequestError: as `load_spec`.
    """
    try:
        spec = load_spec(name_or_path, overrides)
    except SpecError as error:
        raise compile_mended(error) from None
    return spec, compile_spec(spec)


def compile_mended(error: SpecError) -> SpecError:
    """The error of a document, with the sizes that do not fit in any way it may have been meant."""
    unfit = [_unfit(spec) for spec in error.mended if isinstance(spec, Spec)]
    common = set.intersection(*unfit) if unfit else set()
    wrong = {problem.path for problem in error.problems}  # what was guessed there is not the author's
    return SpecError(error.source, [*error.problems, *(problem for problem in common if problem.path not in wrong)])


def _unfit(spec: Spec) -> set[Problem]:
    try:
        compile_spec(spec)
    except SpecError as error:
        return set(error.problems)
    return set()
