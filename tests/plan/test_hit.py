"""Rules of the generator's plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.hit.attention import balanced_block_size
from hitzoo.families.load import load_spec, parse_spec
from hitzoo.spec.shipped import shipped_specs

Layout = Callable[..., ModelPlan]

# The identity of published weights: it changes only together with what a plan is, and every stored file with it.
GOLDEN = "ac590cae2da3c23a1d8247babb189625faec740a1cad58ff988c7118dd014321"
GOLDEN_DISCRIMINATOR = "d4e0b65f7c664127138c8cea176080341c1d094c5a0cc39d0315f8fbbdfdf543"


@pytest.mark.parametrize(
    ("resolution", "size"),
    [
        (1, 1),
        (2, 2),
        (4, 2),
        (8, 4),
        (16, 4),
        (32, 8),
        (64, 8),
        (128, 16),
        (256, 16),
        (6, 3),
        (12, 4),
        (7, 7),
        (100, 10),
    ],
)
def test_balanced_blocks(resolution: int, size: int) -> None:
    assert balanced_block_size(resolution) == size


def plan_of(text: str, *overrides: str) -> ModelPlan:
    return compile_spec(parse_spec(text, overrides=overrides))


@pytest.mark.parametrize(
    "overrides",
    [
        ["name=other", "summary=other", "training.steps=9", "data.crop=random", "data.source=elsewhere"],
        ["generator.stages[0].block_size=auto"],
        ["generator.stages[0].block_size=4", "generator.stages[1].block_size=4"],
        ["generator.stages[0].to_rgb=false", "generator.stages[2].to_rgb=true"],
        ["generator.latent_tokens=4", "generator.norm=batch", "generator.heads_share_kv=true"],
        ["generator.initial_size=8", "generator.mlp_expansion=4.0", "data.channels=3.0"],
        ["discriminator={family: stylegan2, channels: [4, 8, 8, 16], channel_multiplier: 2}"],
        ["discriminator.downsample=blur", "discriminator.equalized=false", "discriminator.minibatch_std=0"],
    ],
)
def test_the_same_networks_have_the_same_hash(tiny_text: str, tiny_plan: ModelPlan, overrides: list[str]) -> None:
    plan = plan_of(tiny_text + "# a comment\n", *overrides)
    assert plan.generator_hash == tiny_plan.generator_hash
    assert plan.discriminator_hash == tiny_plan.discriminator_hash


@pytest.mark.parametrize(
    "override",
    [
        "generator.latent_dim=9",
        "generator.latent_tokens=3",
        "generator.latent_tokens=0",
        "generator.heads_share_kv=false",
        "generator.norm=layer",
        "generator.mlp_expansion=2",
        "generator.stages[0].channels=64",
        "generator.stages[1].depth=2",
        "generator.stages[1].heads=4",
        "generator.stages[1].attention=none",
        "generator.stages[1].block_size=2",
        "generator.stages[1].to_rgb=true",
    ],
)
def test_another_generator_has_another_hash(tiny_text: str, tiny_plan: ModelPlan, override: str) -> None:
    plan = plan_of(tiny_text, override)
    assert plan.generator_hash != tiny_plan.generator_hash
    assert plan.discriminator_hash == tiny_plan.discriminator_hash


@pytest.mark.parametrize(
    "override",
    ["channels=[4, 8, 8, 32]", "downsample=average", "equalized=true", "minibatch_std=4"],
)
def test_another_discriminator_has_another_hash(tiny_text: str, tiny_plan: ModelPlan, override: str) -> None:
    plan = plan_of(tiny_text, f"discriminator.{override}")
    assert plan.generator_hash == tiny_plan.generator_hash
    assert plan.discriminator_hash != tiny_plan.discriminator_hash


def test_heads_are_no_part_of_a_network_that_attends_to_nothing(tiny_text: str) -> None:
    without = ["generator.latent_tokens=0", "generator.stages[2].heads=7"]
    assert plan_of(tiny_text, *without[:1]).generator_hash == plan_of(tiny_text, *without).generator_hash


def test_the_hash_of_a_published_model_never_changes() -> None:
    plan = compile_spec(load_spec("hit-b-ffhq256"))
    assert plan.generator_hash == GOLDEN
    assert plan.discriminator_hash == GOLDEN_DISCRIMINATOR


SAME_NETWORK = [
    {"hit-s-ffhq256", "hit-s-ffhq256-nobcr", "hit-s-celebahq256", "hit-s-ffhq256-r3gan", "hit-s-critters256"},
    {"hit-b-ffhq256", "hit-b-ffhq256-nobcr", "hit-b-celebahq256", "hit-b-ffhq256-r3gan"},
    {"hit-l-ffhq256", "hit-l-ffhq256-nobcr", "hit-l-celebahq256"},
    {"hit-b-ffhq1024", "hit-b-celebahq1024"},
    {"hit-imagenet128-ablation", "hit-imagenet128-ablation-attn4"},
    {"hit-imagenet128-ablation-cross", "hit-imagenet128-ablation-attn0"},
    {"hit-imagenet128", "hit-imagenet128-r3gan"},
    {"hit-ti-64", "hit-ti-critters64", "hit-ti-faces64", "hit-ti-small-data"},  # ours
    {"transgan-celeba64-ablation-regional", "transgan-celeba64-ablation-multi-scale"},  # the discriminators differ
    {"styleswin-ffhq256", "styleswin-celebahq256", "styleswin-church256"},
    {"styleswin-ffhq1024", "styleswin-celebahq1024"},
    {"stylenat-ffhq256", "stylenat-church256"},
    {"vq-conv-imagenet256", "vq-conv-imagenet256-modern"},
    {"vq-hit-imagenet256", "vq-hit-imagenet256-modern"},
]


def test_shipped_generators_are_the_same_network_exactly_where_they_are_meant_to_be() -> None:
    by_hash: dict[str, set[str]] = {}
    for name in shipped_specs():
        by_hash.setdefault(compile_spec(load_spec(name)).generator_hash, set()).add(name)
    assert sorted(map(sorted, (names for names in by_hash.values() if len(names) > 1))) == sorted(
        map(sorted, SAME_NETWORK)
    )


def test_plans_are_values(tiny_text: str, tiny_plan: ModelPlan) -> None:
    assert plan_of(tiny_text) == tiny_plan
    assert hash(plan_of(tiny_text).generator) == hash(tiny_plan.generator)


@pytest.mark.parametrize(("initial", "count"), [(1, 4), (2, 3), (4, 2), (16, 1), (16, 3)])
def test_resolutions_double_from_the_initial_size(layout: Layout, initial: int, count: int) -> None:
    columns = [" ".join([word] * count) for word in ("16", "1", "2", "auto")]
    plan = layout(*columns, generator=f"  initial_size: {initial}\n").generator
    assert [stage.resolution for stage in plan.stages] == [initial << k for k in range(count)]
    assert plan.resolution == initial << (count - 1)
    assert plan.initial.kwargs == {"latent_dim": 512, "side": initial, "channels": 16}
    assert [stage.position.kwargs["side"] for stage in plan.stages] == [stage.resolution for stage in plan.stages]
    assert [stage.block_size * stage.grid_size for stage in plan.stages] == [stage.resolution for stage in plan.stages]


def test_only_stages_without_attention_and_the_last_add_to_the_image(layout: Layout) -> None:
    plan = layout("16 16 16 16", "1 1 1 1", "2 2 2 2", "4 - 4 4").generator
    assert [stage.to_rgb is not None for stage in plan.stages] == [False, True, False, True]


def test_without_tokens_nothing_attends_to_them(layout: Layout) -> None:
    plan = layout("16 16", "1 1", "2 2", "4 -", generator="  latent_tokens: 0\n").generator
    assert plan.tokens is None
    assert [stage.cross for stage in plan.stages] == [None, None]
    assert [stage.heads for stage in plan.stages] == [2, 0]


def test_channels_thread_through(layout: Layout) -> None:
    plan = layout("64 32 8", "0 2 1", "4 2 2", "4 4 -", generator="  mlp_expansion: 3\n").generator
    assert [stage.upsample and stage.upsample.kwargs for stage in plan.stages] == [
        None,
        {"in_channels": 64, "out_channels": 32},
        {"in_channels": 32, "out_channels": 8},
    ]
    assert [stage.cross.kwargs["token_channels"] for stage in plan.stages if stage.cross] == [64, 64, 64]
    assert [[part.kind for part in stage.blocks] for stage in plan.stages] == [
        [],
        ["multi_axis_block"] * 2,
        ["mlp_block"],
    ]
    assert plan.stages[2].blocks[0].kwargs == {"channels": 8, "norm": "batch", "expansion": 3}


def test_a_plan_forgets_where_it_was_written(tiny_text: str) -> None:
    first, second = parse_spec(tiny_text, "a.yaml"), parse_spec("\n\n" + tiny_text, "b.yaml")
    assert compile_spec(first) == compile_spec(replace(second, summary="other"))
