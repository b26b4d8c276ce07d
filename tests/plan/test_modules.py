"""The plan against the modules that are built from it: names, sizes and costs."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from _pytest.mark import ParameterSet
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from hitzoo.families.build import build
from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.language import shipped_language
from hitzoo.families.load import load_spec, parse_spec
from hitzoo.layers import BLOCKS
from hitzoo.plan.cost import COSTS, Cost
from hitzoo.spec.shipped import shipped_specs
from tests.families.transgan.variables import TINY, tiny
from tests.plan.parts import parts

VARIANTS = {
    "as it is": [],
    "layer norm": ["generator.norm=layer"],
    "pixel norm": ["generator.norm=pixel"],
    "multi-head": ["generator.heads_share_kv=false", "generator.stages[0].heads=4"],
    "one head": ["generator.stages[2].heads=1"],
    "grey": ["data.channels=1"],
    "with transparency": ["data.channels=4"],
    "average pooling": ["discriminator.downsample=average"],
    "equalized": ["discriminator.equalized=true"],
    "minibatch_std": ["discriminator.minibatch_std=2"],
    "no tokens": ["generator.latent_tokens=0"],
    "three tokens": ["generator.latent_tokens=3", "generator.latent_dim=5"],
    "from 4": ["generator.initial_size=4", "data.resolution=16", "discriminator.channels=[4, 8, 8]"],
    "from 16": ["generator.initial_size=16", "data.resolution=64", "discriminator.channels=[4, 8, 8, 8, 8]"],
    "narrow MLP": ["generator.mlp_expansion=1"],
    "deep": ["generator.stages[0].depth=3", "generator.stages[2].depth=0"],
    "attention to the end": ["generator.stages[2].attention=multi_axis"],
    "images from the first": ["generator.stages[0].to_rgb=true"],
    "one block": ["generator.stages[0].block_size=8", "generator.stages[1].block_size=1"],
    "other widths": ["generator.stages[0].channels=64", "generator.stages[1].channels=16"],
}


@pytest.fixture(params=VARIANTS)
def varied_plan(request: pytest.FixtureRequest, tiny_text: str) -> ModelPlan:
    return compile_spec(parse_spec(tiny_text, overrides=VARIANTS[request.param]))


def shipped_plans() -> Iterator[ParameterSet]:
    """One for each pair of networks made of blocks: many specs differ in training alone."""
    plans = [compile_spec(load_spec(name)) for name in sorted(shipped_specs())]
    plans = [plan for plan in plans if plan.discriminator.family != "projected"]  # tests/families/projected
    plans = [plan for plan in plans if not plan.is_autoencoder]  # tests/families/vqgan
    for plan in {(plan.generator_hash, plan.discriminator_hash): plan for plan in reversed(plans)}.values():
        slow = plan.generator.family in (
            "transgan",
            "styleswin",
        )  # seconds even on the meta device; small ones have all their blocks
        yield pytest.param(plan, marks=[pytest.mark.exhaustive] if slow else [], id=plan.name)


@pytest.fixture(params=list(shipped_plans()))
def shipped_plan(request: pytest.FixtureRequest) -> ModelPlan:
    return request.param


def measured(network: nn.Module, *shape: int) -> Cost:
    """Parameters and FLOPs of a network on the meta device, for one of two images."""
    parameters = sum(parameter.numel() for parameter in network.parameters())
    counter = FlopCounterMode(display=False)
    with counter, sdpa_kernel(SDPBackend.MATH), torch.no_grad():
        network.requires_grad_(False)(torch.empty(2, *shape, device="meta"))  # its hooks know no view of a weight
    return Cost(parameters, counter.get_total_flops() // 2)


def check_costs(plan: ModelPlan, generator: nn.Module, discriminator: nn.Module) -> None:
    side, channels = plan.generator.resolution, plan.generator.image_channels
    said = {part: replace(cost, activations=0) for part, cost in plan.costs().items()}
    if plan.generator.styles:
        generator.mapping.mixing = 0.0  # the other style's mapping is a cost of training
    assert said == {
        "generator": measured(generator, plan.input_width),
        "discriminator": measured(discriminator, channels, side, side),
    }


def check_names(plan: ModelPlan, *networks: nn.Module) -> None:
    for network, own in zip(networks, (plan.generator, plan.discriminator), strict=True):
        names = [part.name for part in parts(own)]
        modules = dict(network.named_modules())
        for part in parts(own):
            assert type(modules[part.name]) is BLOCKS[part.kind]
        assert len(set(names)) == len(names)
        rows = [row.name for row in own.rows()]
        assert all(name in modules for name in rows)
        for key in network.state_dict():
            within = [name for name in names if key.startswith(f"{name}.")]
            assert len(within or [name for name in rows if key.startswith(f"{name}.")]) == 1, key


def check(plan: ModelPlan) -> None:
    with torch.device("meta"):
        networks = build(plan)
    check_costs(plan, *networks)
    check_names(plan, *networks)


def test_costs_and_names(varied_plan: ModelPlan) -> None:
    check(varied_plan)


def test_shipped_costs_and_names(shipped_plan: ModelPlan) -> None:
    check(shipped_plan)


@pytest.mark.parametrize("config", TINY)
def test_transgan_costs_and_names(config: str) -> None:
    check(tiny(config))


@pytest.mark.parametrize("attention", ["axial", "nystrom"])
def test_other_attention_of_transgan(attention: str) -> None:
    word = f"{{channels: 16, depth: 2, attention: {attention}, global_depth: 1}}"
    check(tiny("cifar10", "generator.relative_position=false", f"generator.stages[1]={word}"))


def test_every_block_can_be_called_with_its_arguments(shipped_plan: ModelPlan) -> None:
    for part in (*parts(shipped_plan.generator), *parts(shipped_plan.discriminator)):
        inspect.signature(BLOCKS[part.kind]).bind(**part.kwargs)


SELF_ATTENTION = {
    "[{pattern: row}]": {"head_groups_block"},
    "none": {"mlp_block"},
    "interleaved": {"regional_block", "dilated_block"},
}
"""Where the word of a spec is not the name of its block."""


def test_schema_plan_costs_and_blocks_know_the_same_kinds(tiny_text: str) -> None:
    attentions = shipped_language().schema["$defs"]["hit_stage"]["properties"]["attention"]["then"]["enum"]
    convnet = compile_spec(load_spec("convnet-r1-imagenet128"))
    plans = [
        compile_spec(load_spec(name))
        for name in ("transgan-cifar10", "cips-ffhq256", "stylegan2-ffhq256", "r3gan-ffhq64", "styleswin-ffhq256")
    ]
    others = [convnet.generator, *(network for plan in plans for network in plan.networks.values())]
    planned = {part.kind for network in others for part in parts(network)}
    for attention in (*attentions, "[{pattern: row}]"):
        overrides = [f"generator.stages[0].attention={attention}", "generator.stages[0].depth=2"]
        plan = compile_spec(parse_spec(tiny_text, overrides=overrides))
        found = {part.kind for part in (*parts(plan.generator), *parts(plan.discriminator))}
        assert SELF_ATTENTION.get(attention, {f"{attention}_block"}) <= found, attention
        planned |= found
    for decoder in ("hit", "conv"):
        for quantizer in ("vq", "simvq", "fsq", "lfq"):
            overrides = [f"quantizer={{family: {quantizer}}}"]
            coding = compile_spec(load_spec(f"vq-{decoder}-ti-avatars64", overrides))
            planned |= {part.kind for network in coding.networks.values() for part in parts(network)}
    assert planned == set(BLOCKS) == set(COSTS)
