"""StyleSwin's generator as a family."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from hitzoo.families.family import Family
from hitzoo.families.schema_file import definitions_beside
from hitzoo.families.styleswin.plan import (
    StyleswinGeneratorPlan,
    ended_styleswin,
    outline_styleswin,
    plan_styleswin,
)
from hitzoo.families.styleswin.spec import StyleswinGeneratorSpec

if TYPE_CHECKING:
    from torch import nn

    from hitzoo.families.official import Variable
    from hitzoo.fold.kernels import Kernels
    from hitzoo.fold.network import OptimizedNetwork


def _build(plan: StyleswinGeneratorPlan) -> nn.Module:
    from hitzoo.families.styleswin.model import StyleswinGenerator

    return StyleswinGenerator(plan)


def _fold(generator: Any, kernels: Kernels) -> OptimizedNetwork:
    from hitzoo.families.styleswin.fold import OptimizedStyleswin

    return OptimizedStyleswin(generator, kernels)


def _official(plan: StyleswinGeneratorPlan) -> Iterable[Variable]:
    from hitzoo.families.styleswin.official import styleswin_variables

    return styleswin_variables(plan)


def _stylenat(plan: StyleswinGeneratorPlan) -> Iterable[Variable]:
    from hitzoo.families.styleswin.official_stylenat import stylenat_variables

    return stylenat_variables(plan)


STYLESWIN: Final = Family(
    name="styleswin",
    role="generator",
    spec=StyleswinGeneratorSpec,
    schema=lambda: definitions_beside(__file__),
    plan=plan_styleswin,
    build=_build,
    outline=outline_styleswin,
    fold=_fold,
    ended=ended_styleswin,
    official={"styleswin": _official, "stylenat": _stylenat},
)
