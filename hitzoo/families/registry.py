"""The families that there are: those of hitzoo, one line each, and those that installed packages bring."""

from __future__ import annotations

from typing import Any, Final

from hitzoo.errors import UnknownNameError, suggestion
from hitzoo.families.cips.family import CIPS
from hitzoo.families.convnet.family import CONVNET
from hitzoo.families.family import Family
from hitzoo.families.hit.family import HIT
from hitzoo.families.inr_gan.family import INR_GAN
from hitzoo.families.outside import OutsideFamily, load_outside, usable_outside
from hitzoo.families.projected.family import PROJECTED
from hitzoo.families.quantizer.family import FSQ, LFQ, SIMVQ, VQ
from hitzoo.families.r3gan.discriminator.family import R3GAN_DISCRIMINATOR
from hitzoo.families.r3gan.generator.family import R3GAN_GENERATOR
from hitzoo.families.stylegan2.family import STYLEGAN2
from hitzoo.families.stylegan2_generator.family import STYLEGAN2_GENERATOR
from hitzoo.families.stylegan2_original.family import STYLEGAN2_ORIGINAL
from hitzoo.families.styleswin.family import STYLESWIN
from hitzoo.families.transgan.discriminator.family import TRANSGAN_DISCRIMINATOR
from hitzoo.families.transgan.generator.family import TRANSGAN_GENERATOR
from hitzoo.families.vqgan.family import CONV_DECODER, VQ_ENCODER
from hitzoo.families.wavelet.family import WAVELET
from hitzoo.plan.role import Role

FAMILIES: Final[tuple[Family[Any, Any], ...]] = (
    HIT,
    CONVNET,
    STYLEGAN2,
    PROJECTED,
    CIPS,
    INR_GAN,
    TRANSGAN_GENERATOR,
    TRANSGAN_DISCRIMINATOR,
    STYLEGAN2_GENERATOR,
    STYLEGAN2_ORIGINAL,
    R3GAN_GENERATOR,
    R3GAN_DISCRIMINATOR,
    STYLESWIN,
    WAVELET,
    VQ_ENCODER,
    VQ,
    SIMVQ,
    FSQ,
    LFQ,
    CONV_DECODER,
)
HOW_TO_ADD: Final = "a package that is installed can bring another (docs/families.md)"
_OWN: Final = {(family.role, family.name): family for family in FAMILIES}


def families(role: Role) -> dict[str, Family[Any, Any]]:
    """The families of a role by name; every package that brings one is imported."""
    outside, _ = outside_families(role)
    return own_families(role) | {one.family.name: one.family for one in outside}


def own_families(role: Role) -> dict[str, Family[Any, Any]]:
    """Hitzoo's own families of a role by name."""
    return {family.name: family for family in FAMILIES if family.role == role}


def outside_families(role: Role) -> tuple[list[OutsideFamily], dict[str, str]]:
    """The families of a role that installed packages bring, and why some cannot be used, by name."""
    return usable_outside(role, frozenset(own_families(role)))


def family_of(role: Role, name: str) -> Family[Any, Any]:
    """The family of that name; a package that brings it is imported.

    Raises:
        UnknownNameError: none is installed (which are, and how one is added), or it cannot be used.
    """
    if own := _OWN.get((role, name)):
        return own
    if outside := load_outside(role, name):
        return outside.family
    known = families(role)
    hint = suggestion(name, known) or HOW_TO_ADD
    raise UnknownNameError(f"no family of {role}s is named '{name}', installed are: {', '.join(known)}; {hint}")


def package_of(role: Role, name: str) -> str:
    """The package that brings a family with its version, `toy-families 1.2`; nothing for hitzoo's own.

    Raises:
        UnknownNameError: the package cannot be used.
    """
    outside = None if (role, name) in _OWN else load_outside(role, name)
    return outside.origin if outside else ""
