"""HiT as a decoder of codes: what it is made of, what it is beside a HiT of latents, and what does not fit."""

from __future__ import annotations

import pytest
import torch

from hitzoo.errors import SpecError
from hitzoo.families.build import build_network
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.ports import Codes
from tests.support import TINY_HIT, fill

CODING = [
    "generator.latent_dim=512",  # the default: it has none
    "encoder={family: vq_encoder, channels: [4, 4], groups: 2, depth: 1, attention: [], width: 5}",
    "quantizer={family: vq, codes: 9, width: 3}",
]


def plan(*overrides: str) -> ModelPlan:
    return compile_spec(parse_spec(TINY_HIT, overrides=[*CODING, *overrides]))


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_decoder_is_its_description(norm) -> None:
    """The stages are those of a HiT of latents, whose first map and tokens are given here."""
    decoder = fill(build_network(plan(f"generator.norm={norm}"), "generator").double(), scale=0.4).eval()
    state = decoder.state_dict()
    codes = torch.randn(2, 5, 4, 4, dtype=torch.float64)
    rows = codes.permute(0, 2, 3, 1)
    first = rows @ state["initial.linear.weight"].T + state["initial.linear.bias"]
    squares = rows.view(2, 2, 2, 2, 2, 5).mean(dim=(2, 4)).view(2, 4, 5)
    tokens = squares @ state["tokens.linear.weight"].T + state["tokens.linear.bias"] + state["tokens.position"]
    if norm == "batch":
        tokens = (tokens - state["tokens.norm.running_mean"]) / (state["tokens.norm.running_var"] + 1e-3).sqrt()
    else:
        centred = tokens - tokens.mean(dim=-1, keepdim=True)
        tokens = centred / (centred.square().mean(dim=-1, keepdim=True) + 1e-6).sqrt()
    tokens = tokens * state["tokens.norm.weight"] + state["tokens.norm.bias"]
    x, image = first, None
    for stage in decoder.stage_list():
        x, image = stage(x, tokens, image)
    with torch.no_grad():
        torch.testing.assert_close(decoder(codes), image.permute(0, 3, 1, 2), rtol=1e-10, atol=1e-10)


def test_every_code_reaches_every_pixel_and_every_weight_learns() -> None:
    decoder = fill(build_network(plan("generator.norm=layer"), "generator").double(), scale=0.4)
    codes = torch.randn(1, 5, 4, 4, dtype=torch.float64, requires_grad=True)
    image = decoder(codes)
    (by_code,) = torch.autograd.grad(image[0, :, 0, 0].sum(), codes, retain_graph=True)
    assert (by_code.abs().sum(dim=1) > 0).all()
    image.square().sum().backward()
    assert all(weight.grad.abs().max() > 0 for weight in decoder.parameters())


def test_decoder_takes_codes_and_no_latent() -> None:
    found = plan()
    assert found.generator.takes == (Codes(4, 5),)
    assert (found.latent_dim, found.input_width) == (0, 0)
    with pytest.raises(SpecError, match="latent_dim has no effect"):
        plan("generator.latent_dim=99")
    assert found.generator_hash != plan("encoder.width=6").generator_hash
    assert plan("generator.latent_tokens=0").generator.tokens is None


def test_tokens_divide_the_codes() -> None:
    with pytest.raises(SpecError, match="3×3 tokens do not divide 4×4 codes"):
        plan("generator.latent_tokens=3")
