"""Head groups in HiT: words are short for them, and any others make a network of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from hitzoo.errors import SpecError
from hitzoo.families.build import build_generator
from hitzoo.families.compile import ModelPlan, compile_generator
from hitzoo.families.fold import fold
from hitzoo.families.load import parse_spec
from hitzoo.fold.kernels import plain_kernels
from hitzoo.layers.blocking import from_blocks, to_blocks
from hitzoo.layers.registry import BLOCKS
from hitzoo.plan.table import network_cost
from tests.plan.test_activations import kept_by_parts
from tests.plan.test_modules import measured
from tests.support import fill

HEAD = """
hitzoo: 1
name: tiny
generator:
  family: hit
  latent_dim: 6
  latent_tokens: 2
  norm: layer
  mlp_expansion: 2
  heads_share_kv: {share}
  stages:
    - {{channels: 8, heads: 2, depth: 1, attention: none}}
    - {{channels: 8, heads: 4, depth: 2, {stage}}}
"""
NEAR = "{pattern: neighborhood, size: 5, bias: true}"
OTHERS = {
    "windows": "[{pattern: regional, size: 8, bias: true}, {pattern: shifted_window, size: 8, bias: true}]",
    "neighborhoods": f"[{NEAR}, {{pattern: neighborhood, size: 3, dilation: 4}}]",
    "three": "[{pattern: row}, {pattern: dilated, size: 4, heads: 2}, {pattern: global, bias: true}]",
    "uneven": "[{pattern: regional, size: 4, heads: 3}, {pattern: dilated, size: 4}]",
}


def plan_of(stage: str, share: bool = True) -> ModelPlan:
    return compile_generator(parse_spec(HEAD.format(stage=stage, share=str(share).lower())))


@pytest.mark.parametrize(
    ("word", "groups"),
    [
        ("multi_axis, block_size: 4", "[{pattern: regional, size: 4}, {pattern: dilated, size: 4}]"),
        (
            "multi_axis, block_size: 4",
            "[{pattern: regional, size: 4, heads: 2}, {pattern: dilated, size: 4}]",
        ),
        ("regional, block_size: 2", "[{pattern: regional, size: 2}]"),
        ("dilated, block_size: 8", "[{pattern: dilated, size: 8}]"),
        ("axial", "[{pattern: row}, {pattern: column}]"),
        ("global", "[{pattern: global}]"),
    ],
)
def test_words_are_short_for_head_groups(word: str, groups: str) -> None:
    short, long = plan_of(f"attention: {word}"), plan_of(f"attention: {groups}")
    assert short == long
    assert short.generator_hash == long.generator_hash


@torch.no_grad()
@pytest.mark.parametrize(
    ("word", "groups"), [("multi_axis", "2 regional 4, 2 dilated 4"), ("axial", "2 row, 2 column")]
)
def test_blocks_of_both_ways_compute_the_same(word: str, groups: str) -> None:
    """The general block with a word's groups on the map, and the word's own block on the map as it is cut."""
    args = {"channels": 8, "heads": 4, "share_kv": False, "norm": "layer", "expansion": 2}
    own = fill(BLOCKS[f"{word}_block"](**args).double(), 0.5)
    general = BLOCKS["head_groups_block"](**args, side=16, groups=groups).double()
    general.load_state_dict(own.state_dict())
    x = torch.randn(2, 16, 16, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = from_blocks(own(to_blocks(x, 4)), 4, 4) if word == "multi_axis" else own(x)
    torch.testing.assert_close(general(x), expected)


@pytest.mark.parametrize("share", [True, False], ids=["multi_query", "multi_head"])
@pytest.mark.parametrize("groups", OTHERS)
def test_costs_are_those_of_the_module(groups: str, share: bool) -> None:
    plan = plan_of(f"attention: {OTHERS[groups]}", share)
    said, rows = network_cost(plan.generator), plan.generator.rows()
    with torch.device("meta"):
        assert measured(build_generator(plan), 6) == replace(said, activations=0)
    network = build_generator(plan)
    few, many = (kept_by_parts(network, rows, torch.zeros(batch, 6)) for batch in (2, 4))
    assert rows[-1].cost.activations == pytest.approx((many["stages.1"] - few["stages.1"]) / 2, rel=0.02)
    assert plan.generator.traffic() == ()


@torch.no_grad()
@pytest.mark.parametrize("share", [True, False], ids=["multi_query", "multi_head"])
@pytest.mark.parametrize("groups", OTHERS)
def test_optimized_network_makes_the_same_images(groups: str, share: bool) -> None:
    generator = fill(build_generator(plan_of(f"attention: {OTHERS[groups]}", share)), 0.3).double().eval()
    z = torch.randn(2, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    torch.testing.assert_close(fold(generator, plain_kernels(torch.float64))(z), generator(z), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ("attention: [{pattern: row}], block_size: 4", "a stage with head groups, which have sizes of their own, has"),
        ("attention: [{pattern: regional, size: 5}]", "a size of 5 does not divide the resolution 16"),
        ("attention: [{pattern: row, heads: 1}]", "the groups have 1 heads of 4"),
    ],
)
def test_what_does_not_fit_is_said(stage: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        plan_of(stage)
    assert message in str(caught.value)
