"""Styles as inputs of a generator, instead of the latents that its mapping network makes them of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from hitzoo.errors import RequestError
from hitzoo.layers.inputs import split_inputs
from hitzoo.layers.mapping import MappingNetwork
from hitzoo.plan.network import NetworkPlan
from hitzoo.sampling.replayed import Replayed, unwrapped

Space: TypeAlias = Literal["z", "w", "w+"]
SPACES: tuple[Space, ...] = ("z", "w", "w+")


def space_named(word: str, plan: NetworkPlan, network: nn.Module) -> Space:
    """`z`, the latents; `w`, the styles of a mapping network; or `w+`, a style for each place that takes one.

    Source: Karras et al. 2019, section 3 (W); Abdal, Qin and Wonka 2019, section 3 (W+).

    Raises:
        RequestError: another one, or one that the generator does not have.
    """
    found = next((space for space in SPACES if space == word.lower()), None)
    if found is None:
        raise RequestError(f"--space {word[:40]}: not possible; possible: {', '.join(SPACES)}")
    if found != "z" and mapping_of(network) is None:
        raise RequestError(f"--space {word}: a generator of the family {plan.family} has no mapping network; take z")
    if found == "w+" and plan.styles < 2:
        raise RequestError(f"--space w+: a generator of the family {plan.family} takes one style alone; take w or z")
    return found


def mapping_of(network: nn.Module) -> MappingNetwork | None:
    """Return the mapping network of a generator; None where latents are the styles."""
    return next((module for module in network.modules() if isinstance(module, MappingNetwork)), None)


@torch.no_grad()
def styles_of(network: nn.Module, plan: NetworkPlan, rows: torch.Tensor) -> torch.Tensor:
    """Styles of rows of inputs: [B, input_width] -> [B, 1, width]."""
    mapping = mapping_of(network)
    assert mapping is not None, "the space was checked"
    return mapping.styles(split_inputs(rows, plan.takes)[0].to(mapping.mean.dtype))[:, None]


@contextmanager
def given_styles(network: nn.Module, styles: torch.Tensor | NDArray[np.float32] | None) -> Iterator[None]:
    """Inside, images of a batch take these styles [B, 1 or places, width] instead of their latents'; of None, as ever.

    Truncation moves them as it moves others. A gradient goes through to them.
    """
    mapping = mapping_of(network)
    if styles is None or mapping is None:
        yield
        return
    replayed = network if isinstance(network, Replayed) else None
    try:
        if replayed is not None:
            replayed.replays = False
        mapping.give(torch.as_tensor(styles).to(mapping.mean.device))
        yield
    finally:
        mapping.give(None)
        if replayed is not None:
            replayed.replays = True


def check_styles(network: nn.Module, plan: NetworkPlan, styles: NDArray[np.float32], place: str) -> None:
    """Refuse styles that the generator does not take.

    Raises:
        RequestError: it has no mapping network, or styles of another shape.
    """
    mapping = mapping_of(unwrapped(network))
    if mapping is None:
        raise RequestError(f"{place}: holds styles, and a generator of the family {plan.family} has none")
    width = mapping.mean.shape[0]
    if styles.ndim != 3 or styles.shape[1] not in (1, max(1, plan.styles)) or styles.shape[2] != width:
        places = "1" if plan.styles < 2 else f"1 or {plan.styles}"
        raise RequestError(f"{place}: styles of shape {styles.shape}; the model wants (N, {places}, {width})")
