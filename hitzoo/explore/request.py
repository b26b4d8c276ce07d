"""Requests of the page, checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hitzoo.errors import RequestError
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.latents import as_latents, check_truncation
from hitzoo.sampling.region import Region, region_of

_KNOWN = {"latent", "seed", "truncation", "region", "level", "size"}


@dataclass(frozen=True, kw_only=True)
class PictureRequest:
    """One picture: its row (1, input_width), the seed that drew it if one did, and the part of it to make."""

    row: NDArray[np.float32]
    seed: int | None = None
    truncation: float = 1.0
    region: Region | None = None
    level: int | None = None
    size: int | None = None

    @property
    def is_part(self) -> bool:
        """True where the picture is not simply the whole image."""
        return (self.region, self.level, self.size) != (None, None, None)


def parse_request(body: bytes, generator: Generator) -> PictureRequest:
    """Read the JSON of a request.

    Raises:
        RequestError: it is none, or asks for what the model does not have.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise RequestError("the request is not JSON") from None
    if not isinstance(found, dict) or not found.keys() <= _KNOWN:
        raise RequestError(f"a request has these entries: {', '.join(sorted(_KNOWN))}")
    plan = generator.plan
    given: Any = [found.get("latent")]
    row = as_latents(given, plan.input_width, plan.generator.takes)
    region = found.get("region")
    if region is not None and not isinstance(region, list):
        raise RequestError("region: give left, top, width, height")
    return PictureRequest(
        row=row,
        seed=_whole(found, "seed"),
        truncation=check_truncation(found.get("truncation", 1.0)),
        region=None if region is None else region_of(region),
        level=_whole(found, "level"),
        size=_whole(found, "size"),
    )


def _whole(found: dict[str, Any], name: str) -> int | None:
    value = found.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise RequestError(f"{name}: give a whole number")
    return value
