"""An autoencoder whose decoder is optimized: the same model, and the same pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hitzoo.errors import RequestError
from hitzoo.export.coding import CodingSubject
from hitzoo.families.build import build_network
from hitzoo.families.compile import compile_spec
from hitzoo.families.hit.fold.generator import OptimizedHiT
from hitzoo.families.load import parse_spec
from hitzoo.fold.reference import ReferenceNetwork
from hitzoo.sampling.autoencoder import ROLES, Autoencoder
from tests.fold.specs import CODING, FOUR_STAGES
from tests.support import fill

CONVOLUTIONAL = (
    "generator={family: conv_decoder, initial_size: 4, channels: [4, 4, 4, 4], depth: 1, attention: [], groups: 2}",
    *CODING[1:],
)


def autoencoder(*overrides: str) -> Autoencoder:
    """One of 32×32 pixels and 4×4 codes, its weights large enough to matter."""
    spec = parse_spec(FOUR_STAGES, "four.yaml", overrides or CODING)
    plan = compile_spec(spec)
    networks = {role: fill(build_network(plan, role), scale=0.3).eval().requires_grad_(False) for role in ROLES}
    return Autoencoder(spec, plan, networks, torch.device("cpu"))


def codes(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 9, (count, 4, 4))


@pytest.mark.parametrize(("overrides", "network"), [(CODING, OptimizedHiT), (CONVOLUTIONAL, ReferenceNetwork)])
def test_optimized_decoder_makes_the_same_pictures(overrides, network) -> None:
    plain = autoencoder(*overrides)
    fast = plain.fast()
    assert isinstance(fast.networks["generator"], network)
    expected = plain.decode(codes(3)).astype(int)
    assert expected.std() > 10
    assert np.abs(fast.decode(codes(3)) - expected).max() <= 1
    assert (fast.decode(codes(3), batch_size=1) == fast.decode(codes(3), batch_size=3)).mean() > 0.999
    rounded = np.abs(plain.fast("bf16").decode(codes(3)) - expected)
    assert 0 < rounded.mean() < 3


def test_optimized_autoencoder_is_the_same_model() -> None:
    plain = autoencoder()
    fast = plain.fast("bf16")
    assert (fast.digest, fast.name, fast.plan) == (plain.digest, plain.name, plain.plan)
    assert (plain.fast_precision, fast.fast_precision) == (None, "bfloat16")
    pictures = np.random.default_rng(1).integers(0, 256, (2, 32, 32, 3), np.uint8)
    assert (fast.encode(pictures) == plain.encode(pictures)).all()
    with pytest.raises(RequestError, match="optimized already"):
        fast.fast()
    with pytest.raises(RequestError, match="not possible here"):
        plain.fast("float16")
    with pytest.raises(RequestError, match="export the one it was made of"):
        CodingSubject(fast, "decoder")
