"""Exact numbers of parameters: the official code's, and the paper's to the digit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.load import load_spec
from hitzoo.families.stylegan2.plan import published_width
from hitzoo.plan.cost import total
from hitzoo.plan.table import network_cost
from hitzoo.spec.shipped import shipped_specs

Layout = Callable[..., ModelPlan]
ABLATION = ("1024 512 256 128 128", "2 2 2 2 2", "16 8 4 4 4")


FACES, NARROW, LARGEST = 28_862_593, 23_880_833, 29_008_673
FULL = 67_602_435
SHIPPED = {
    # name: generator, discriminator                                  paper
    "hit-s-ffhq256": (38_013_382, FACES),  # Table 4: 38.01 M
    "hit-b-ffhq256": (46_217_670, FACES),  # Table 4: 46.22 M
    "hit-l-ffhq256": (97_462_214, FACES),  # Table 4: 97.46 M
    "hit-s-ffhq256-nobcr": (38_013_382, FACES),
    "hit-b-ffhq256-nobcr": (46_217_670, FACES),
    "hit-l-ffhq256-nobcr": (97_462_214, FACES),
    "hit-s-celebahq256": (38_013_382, FACES),
    "hit-b-celebahq256": (46_217_670, FACES),
    "hit-l-celebahq256": (97_462_214, FACES),
    "hit-b-ffhq1024": (88_216_300, LARGEST),  # official code
    "hit-b-celebahq1024": (88_216_300, LARGEST),
    "cips-ffhq256": (44_317_092, 28_864_129),  # the published code's; papers quote 45.9 M
    "inr-gan-ffhq256": (72_436_573, 28_864_129),  # the published code's; the paper has 107.03 M
    "hit-imagenet128": (32_866_627, NARROW),  # "around 30M"
    "hit-imagenet128-ablation": (FULL, NARROW),  # Table 5: 67.60 M
    "hit-imagenet128-ablation-inr": (42_683_407, NARROW),  # Table 5: 42.68 M
    "hit-imagenet128-ablation-cross": (61_550_095, NARROW),  # Table 5: 61.55 M
    "hit-imagenet128-ablation-global": (FULL, NARROW),  # Table 5: 67.60 M, and the four below
    "hit-imagenet128-ablation-axial": (FULL, NARROW),
    "hit-imagenet128-ablation-regional": (FULL, NARROW),
    "hit-imagenet128-ablation-interleaved": (FULL, NARROW),
    "hit-imagenet128-ablation-unbalanced": (FULL, NARROW),
    "hit-imagenet128-ablation-attn0": (61_550_095, NARROW),  # Table 6: 61.55 M
    "hit-imagenet128-ablation-attn1": (66_009_868, NARROW),  # Table 6: 66.01 M
    "hit-imagenet128-ablation-attn2": (67_191_305, NARROW),  # Table 6: 67.19 M
    "hit-imagenet128-ablation-attn3": (67_520_006, NARROW),  # Table 6: 67.52 M
    "hit-imagenet128-ablation-attn4": (FULL, NARROW),  # Table 6: 67.60 M
    "convnet-r1-imagenet128": (34_247_939, NARROW),  # not published
    "hit-s-ffhq256-r3gan": (38_013_382, FACES),
    "hit-b-ffhq256-r3gan": (46_217_670, FACES),
    "hit-imagenet128-r3gan": (32_866_627, NARROW),
    "stylegan2-ffhq256": (30_034_338, 28_864_129),  # Table 4: 30.03 M
    "stylegan2-ffhq256-full": (30_034_338, 28_864_129),
    "r3gan-ffhq256": (23_057_952, 23_009_568),  # the published networks', and the three below
    "r3gan-ffhq64": (22_429_824, 22_381_440),
    "r3gan-cifar10": (20_781_952, 21_280_512),
    "r3gan-imagenet64": (103_570_432, 107_205_120),
    "hit-ti-shapes32": (1_239_907, 567_825),  # ours
    "hit-ti-critters64": (1_445_443, 879_377),
    "hit-s-critters256": (38_013_382, FACES),
    "hit-ti-faces64": (1_445_443, 879_377),
    "hit-ti-fashion32": (1_246_305, 567_537),
    "hit-ti-planets128": (1_801_950, 881_033),
    "transgan-ti-fashion32": (1_188_929, 567_537),
    "hit-ti-64": (1_445_443, 879_377),
    "hit-ti-shapes64": (1_442_211, 879_377),
    "hit-ti-small-data": (1_445_443, 2_468_164),
    "transgan-cifar10": (83_312_495, 10_210_400),  # the published code's, and the three below
    "transgan-stl10": (168_466_623, 10_341_536),
    "transgan-celebahq256": (212_903_275, 13_334_593),
    "transgan-church256": (205_291_952, 17_754_569),
    "transgan-celeba64": (202_953_944, 16_396_617),  # derived, and those below
    "transgan-celeba128": (204_215_468, 16_441_545),
    "transgan-celeba64-ablation-global": (202_912_532, 19_625_089),
    "transgan-celeba64-ablation-nystrom": (202_912_532, 19_625_089),
    "transgan-celeba64-ablation-axial": (202_912_532, 19_625_089),
    "transgan-celeba64-ablation-regional": (202_912_532, 19_625_089),
    "transgan-celeba64-ablation-multi-scale": (202_912_532, 16_357_921),
    "transgan-celeba64-ablation-norm": (202_855_188, 16_357_921),
    "styleswin-ffhq256": (48_929_512, 26_211_585),  # the published code's, and those below
    "styleswin-celebahq256": (48_929_512, 26_211_585),
    "styleswin-church256": (48_929_512, 26_211_585),
    "styleswin-ffhq1024": (40_862_990, 27_736_641),
    "styleswin-celebahq1024": (40_862_990, 27_736_641),
    "stylenat-ffhq256": (48_921_000, 26_211_585),
    "stylenat-church256": (48_921_000, 26_211_585),
    "stylenat-ffhq1024": (49_452_934, 27_736_641),
    "vq-conv-imagenet256": (42_449_795, 23_998_017),  # VQGAN's decoder
    "vq-conv-imagenet256-modern": (42_449_795, 23_998_017),
    "vq-hit-imagenet256": (17_389_830, 23_998_017),  # layout chosen
    "vq-hit-imagenet256-modern": (17_389_830, 23_998_017),
    "vq-conv-ti-avatars64": (1_034_435, 542_161),  # ours
    "vq-hit-ti-avatars64": (1_026_582, 542_161),
}


def test_the_table_is_complete() -> None:
    assert set(SHIPPED) == set(shipped_specs())


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped(name: str) -> None:
    costs = compile_spec(load_spec(name)).costs()
    assert (costs["generator"].parameters, costs["discriminator"].parameters) == SHIPPED[name]


@pytest.mark.parametrize(
    ("channels", "depths", "heads", "blocks", "parameters"),
    [
        ("512 256 128 128 64 64", "2 2 1 1 1 1", "16 8 4 4 4 4", "4 4 8 8 - -", 38_013_382),  # S, paper 38.01M
        ("1024 512 256 128 128 128", "2 2 2 2 2 2", "16 8 4 4 4 4", "4 4 8 8 - -", 97_462_214),  # L, paper 97.46M
        (
            "512 512 256 128 64 64 32 32",
            "2 2 2 2 1 1 1 1",
            "16 8 4 4 4 4 4 4",
            "4 4 8 8 - - - -",
            88_216_300,
        ),  # B, 1024
    ],
)
def test_faces(layout: Layout, channels: str, depths: str, heads: str, blocks: str, parameters: int) -> None:
    assert network_cost(layout(channels, depths, heads, blocks).generator).parameters == parameters


@pytest.mark.parametrize(
    ("blocks", "generator", "parameters"),
    [
        ("- - - - -", "  latent_tokens: 0\n", 42_683_407),  # a latent-conditioned INR decoder
        ("- - - - -", "", 61_550_095),
        ("4 - - - -", "", 66_009_868),
        ("4 4 - - -", "", 67_191_305),
        ("4 4 8 - -", "", 67_520_006),
        ("4 4 8 8 -", "", 67_602_435),  # the full model
        ("4 4 4 4 -", "", 67_602_435),  # unbalanced blocks: the same weights
    ],
)
def test_ablation(layout: Layout, blocks: str, generator: str, parameters: int) -> None:
    plan = layout(*ABLATION, blocks, latent=256, generator=generator)
    assert network_cost(plan.generator).parameters == parameters


@pytest.mark.parametrize(
    ("stages", "multiplier", "parameters"),
    [(5, 1, 23_880_833), (6, 1, 23_998_017), (6, 2, 28_862_593), (8, 2, 29_008_673)],
)
def test_discriminators(layout: Layout, stages: int, multiplier: int, parameters: int) -> None:
    columns = (" ".join([word] * stages) for word in ("16", "0", "4", "-"))
    plan = layout(*columns, rest=f"discriminator: {{family: stylegan2, channel_multiplier: {multiplier}}}")
    assert network_cost(plan.discriminator).parameters == parameters


def test_the_published_widths() -> None:
    assert [published_width(side, 2) for side in (4, 8, 16, 32, 64, 128, 256, 512, 1024)] == [
        *[512] * 5,
        256,
        128,
        64,
        32,
    ]
    assert [published_width(side, 1) for side in (32, 64, 128, 256)] == [512, 256, 128, 64]
    assert published_width(1 << 16, 1) == 1


def test_the_rows_of_the_table_add_up(tiny_plan: ModelPlan) -> None:
    generator, discriminator = tiny_plan.generator.rows(), tiny_plan.discriminator.rows()
    assert [row.name for row in generator] == ["initial", "tokens", "stages.0", "stages.1", "stages.2"]
    assert [(row.resolution, row.channels) for row in generator] == [(8, 32), (4, 32), (8, 32), (16, 16), (32, 8)]
    assert [(row.block_size, row.grid_size, row.heads) for row in generator[2:]] == [(4, 2, 2), (4, 4, 2), (0, 0, 2)]
    assert [row.to_rgb for row in generator] == [False, False, False, False, True]
    assert [row.name for row in discriminator] == ["stem", "blocks.0", "blocks.1", "blocks.2", "head"]
    assert [(row.resolution, row.channels) for row in discriminator] == [(32, 4), (32, 8), (16, 8), (8, 16), (4, 16)]
    assert tiny_plan.costs() == {
        "generator": total(row.cost for row in generator),
        "discriminator": total(row.cost for row in discriminator),
    }


def test_the_tiny_model_is_tiny(tiny_plan: ModelPlan) -> None:
    assert network_cost(tiny_plan.generator).parameters < 100_000
    assert tiny_plan.generator.resolution == 32


def test_a_cost_by_hand(layout: Layout) -> None:
    """One stage of 4 channels at 8×8, one MLP block of 3·4 hidden units, 2 latent numbers, no tokens."""
    plan = layout("4", "1", "1", "-", latent=2, generator="  latent_tokens: 0\n  mlp_expansion: 3\n")
    cost = network_cost(plan.generator)
    initial, position, norms = (2 + 1) * 256, 256, 2 * (4 + 4)
    mlp, to_rgb = (4 * 12 + 12) + (12 * 4 + 4), 4 * 3 + 3
    assert cost.parameters == initial + position + norms + mlp + to_rgb
    assert cost.flops == 2 * (2 * 256 + 64 * (4 * 12 + 12 * 4 + 4 * 3))
