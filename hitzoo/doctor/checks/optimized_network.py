"""The optimized network against the plain one in float64."""

from __future__ import annotations

import torch

from hitzoo.doctor.check import Measured
from hitzoo.doctor.checks.specimen import difference, expected_images, generator_of, latents
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.sampling.fast import fast_network

LIMITS = {"float32": 1e-4, "bfloat16": 0.1}
"""A wrong kernel is off by far more, and TF32 that nobody asked for by 1e-3."""


def optimized_network(device: torch.device, precision: str, name: str = "", count: int = 3) -> Measured:
    """Compare the images of a shipped spec's generator, or of the small one, for `count` latents."""
    module = generator_of(name)
    expected = expected_images(name, count)
    width = compile_spec(load_spec(name)).input_width if name else 16
    z = latents(width, count).to(device)
    with torch.inference_mode():
        found = fast_network(module, precision=precision, device=device)(z)
    return Measured(value=difference(found, expected), unit="relative", limit=LIMITS[precision])
