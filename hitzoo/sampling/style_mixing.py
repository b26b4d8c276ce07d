"""Style mixing: the later, finer places of a generator take the style of another image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from hitzoo.errors import RequestError
from hitzoo.layers.inputs import split_inputs
from hitzoo.layers.mapping import MappingNetwork
from hitzoo.plan.network import NetworkPlan
from hitzoo.plan.ports import input_width
from hitzoo.sampling.latents import latents_of_seeds


@dataclass(frozen=True)
class Mix:
    """The style of a seed's latent, which the places from number `place` on take; the first place is 0."""

    seed: int
    place: int

    def __str__(self) -> str:
        return f"{self.seed}@{self.place}"


def parse_mix(text: str) -> Mix:
    """`7@4`: the style of seed 7 from place 4 on.

    Raises:
        RequestError: it is not written so.
    """
    found = re.fullmatch(r"(\d{1,10})@(\d{1,4})", text.strip(), re.ASCII)
    if found is None:
        raise RequestError(f"--mix {text[:40]}: write SEED@PLACE, for example 7@4: the style of seed 7 from place 4 on")
    return Mix(int(found[1]), int(found[2]))


def check_mix(mix: Mix, plan: NetworkPlan) -> None:
    """Refuse a place that the generator does not have.

    Raises:
        RequestError: there is none, or it has no places for styles at all.
    """
    if plan.styles < 2:
        raise RequestError(
            f"mix {mix}: a generator of the family {plan.family} has no styles by place; leave the mix out"
        )
    if not 1 <= mix.place < plan.styles:
        raise RequestError(
            f"mix {mix}: the generator takes styles at {plan.styles} places; give a place of 1 to {plan.styles - 1}"
        )


@contextmanager
def mixed(network: nn.Module, plan: NetworkPlan, mix: Mix | None) -> Iterator[None]:
    """Inside, the network's images take the style of `mix`, if any; truncation moves it like their own.

    Source: Karras et al. 2019, section 3.1.

    Raises:
        RequestError: the generator has no such place, or the seed is out of range.
    """
    if mix is None:
        yield
        return
    check_mix(mix, plan)
    row = torch.from_numpy(latents_of_seeds([mix.seed], input_width(plan.takes)))
    latent = split_inputs(row, plan.takes)[0][0]
    mappings = [module for module in network.modules() if isinstance(module, MappingNetwork)]
    try:
        for mapping in mappings:
            mapping.mix(latent, mix.place)
        yield
    finally:
        for mapping in mappings:
            mapping.mix(None)
