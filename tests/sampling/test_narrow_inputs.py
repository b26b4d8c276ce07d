"""A generator in a narrow dtype: what stands for a class or for noise in a row is not rounded with the latent."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.sampling.generator import Generator
from tests.families.cips.variables import TINY as CIPS
from tests.families.r3gan.variables import TINY as R3GAN
from tests.families.stylegan2_generator.variables import TINY as STYLEGAN2
from tests.families.transgan.variables import TINY as TRANSGAN
from tests.support import fill

MANY = ("generator.classes=1000", "discriminator.classes=1000")  # so narrow that bfloat16 has no number of some
WITH_WHOLE_NUMBERS = [  # and weights so large that a rounded one makes another image
    (R3GAN, MANY, 0.4),
    (CIPS, (), 0.4),
    (STYLEGAN2, (), 0.4),
    (TRANSGAN["church256"], (), 0.2),
]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize(
    ("text", "overrides", "scale"), WITH_WHOLE_NUMBERS, ids=["r3gan", "cips", "stylegan2", "transgan"]
)
def test_seed_keeps_its_class_and_noise(
    text: str, overrides: tuple[str, ...], scale: float, dtype: torch.dtype
) -> None:
    spec = parse_spec(text, "tiny", overrides)
    plan = compile_spec(spec)
    generator = Generator(spec, plan, fill(build_generator(plan), scale=scale), torch.device("cpu"))
    expected = generator.sample(range(8)).raw
    found = generator.to(dtype).sample(range(8)).raw
    assert np.abs(found - expected).max() < 0.1 * np.abs(expected).max()
