"""StyleSwin's wavelet discriminator as a family."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from hitzoo.families.family import Family
from hitzoo.families.schema_file import definitions_beside
from hitzoo.families.wavelet.plan import SIDES, WaveletDiscriminatorPlan, plan_wavelet
from hitzoo.families.wavelet.spec import WaveletDiscriminatorSpec

if TYPE_CHECKING:
    from torch import nn

    from hitzoo.families.official import Variable


def _build(plan: WaveletDiscriminatorPlan) -> nn.Module:
    from hitzoo.families.wavelet.model import WaveletDiscriminator

    return WaveletDiscriminator(plan)


def _official(plan: WaveletDiscriminatorPlan) -> Iterable[Variable]:
    from hitzoo.families.wavelet.official import wavelet_variables

    return wavelet_variables(plan)


WAVELET: Final = Family(
    name="wavelet",
    role="discriminator",
    spec=WaveletDiscriminatorSpec,
    schema=lambda: definitions_beside(__file__),
    plan=plan_wavelet,
    build=_build,
    sides=SIDES,
    official={"styleswin": _official, "stylenat": _official},
    forms=({"spectral_norm": True}, {"spectral_norm": False}),
)
"""StyleNAT's discriminator is StyleSwin's; both codes have it with spectral norm and without."""
