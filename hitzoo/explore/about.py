"""The description of a model that the page reads."""

from __future__ import annotations

import shlex
from statistics import NormalDist
from typing import Any

from hitzoo.errors import RequestError
from hitzoo.fold.network import OptimizedNetwork
from hitzoo.layers.mapping import MappingNetwork
from hitzoo.plan.ports import Labels, Latent, Port, columns_of
from hitzoo.releases import release_of
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.latents import latents_of_seeds
from hitzoo.sampling.replayed import unwrapped
from hitzoo.sampling.stages import stage_images


def about(generator: Generator, quick: Generator, model: str) -> dict[str, Any]:
    """Describe a generator for the page, as JSON.

    Args:
        generator: the network as it was trained.
        quick: the optimized network that makes the pictures.
        model: the model as the user named it, for commands.
    """
    plan = generator.plan
    network = unwrapped(quick.module)
    assert isinstance(network, OptimizedNetwork), "what `fast` makes"
    tail = network.pixelwise
    return {
        "hitzoo": release_of(),
        "name": generator.name,
        "label": generator.label,
        "origin": generator.origin,
        "family": plan.generator.family,
        "weights": generator.weights,
        "resolution": plan.resolution,
        "channels": plan.image_channels,
        "width": plan.input_width,
        "ports": [_port(port, columns) for port, columns in columns_of(plan.generator.takes)],
        "truncation": "styles" if _has_styles(generator) else "latents",
        "levels": sorted(tail.levels) if tail is not None else [],
        "pixelwise": tail is not None,
        "any_size": network.on_canvas(2 * plan.resolution) is not None,
        "stages": len(stage_images(generator, latents_of_seeds([0], plan.input_width))) > 1,
        "model": shlex.quote(model),
    }


def check_explorable(generator: Generator) -> None:
    """Refuse a generator that no latent of a few numbers drives.

    Raises:
        RequestError: it takes none.
    """
    if not any(isinstance(port, Latent) for port in generator.plan.generator.takes):
        raise RequestError(
            f"{generator.name}: a generator of the family {generator.plan.generator.family} takes no latent to move"
        )


def _has_styles(generator: Generator) -> bool:
    return any(isinstance(module, MappingNetwork) for module in generator.module.modules())


def _port(port: Port, columns: slice) -> dict[str, Any]:
    """Columns of a row, and of classes the numbers that stand for them."""
    place = {"from": columns.start, "to": columns.stop}
    if isinstance(port, Labels):
        middles = [NormalDist().inv_cdf((number + 0.5) / port.count) for number in range(port.count)]
        return {"kind": "class", **place, "numbers": middles}
    return {"kind": "latent" if isinstance(port, Latent) else "noise", **place}
