"""What does not fit in a section of a TransGAN network, as its author reads it."""

from __future__ import annotations

import pytest

from hitzoo.errors import SpecError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec, parse_spec
from tests.families.transgan.variables import TINY


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("generator.stages[1].channels=32", "a pixel shuffle makes 16 of the 64 channels of the stage before, not 32"),
        ("generator.stages[1].channels=64", "set channels: 16, or upsample: bicubic"),
        (
            "generator.stages[1].upsample=bicubic",
            "bicubic upsampling keeps the 64 channels of the stage before, not 16",
        ),
        ("generator.stages[1].channels=18", "18 channels cannot be dealt to 2×2 pixels of the next stage"),
        ("generator.stages[0].heads=3", "3 heads do not divide 64 channels"),
        ("generator.stages[2].attention=regional", "add block_size, one of: 1, 2, 3, 4, 6, 12"),
        ("generator.stages[2].block_size=4", "a map with global attention has no blocks"),
        (
            "generator.stages[2]={channels: 4, depth: 1, attention: regional, block_size: 5}",
            "blocks of 5 do not divide",
        ),
        ("generator.stages[2].attention=nystrom", "nystrom attention has no relative position"),
        ("data.resolution=24", "the last stage reaches 12, not the wanted 24"),
        ("discriminator.patch_size=5", "patches of 10 pixels, those of the last stage, do not tile a side of 12"),
        ("discriminator.stages[1].channels=8", "8 channels cannot hold the 12 of the stage before"),
        ("discriminator.stages[0].kernel=3", "a kernel of 3 does not lie evenly about patches of 2 pixels"),
        ("discriminator.stages[0].attention=axial", "axial attention has no relative position"),
        ("discriminator.stages[0].heads=5", "5 heads do not divide 12 channels"),
    ],
)
def test_mistakes(override: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        compile_spec(parse_spec(TINY["stl10"], "tiny.yaml", [override]))
    assert said in str(caught.value)


def test_axial_attention_halves_the_heads() -> None:
    with pytest.raises(SpecError, match="axial attention needs an even number of heads"):
        words = [
            "generator.stages[0]={channels: 64, depth: 1, heads: 1, attention: axial}",
            "generator.relative_position=false",
        ]
        compile_spec(parse_spec(TINY["stl10"], "tiny.yaml", words))


def test_largest_image() -> None:
    stages = ", ".join(["{channels: 4, depth: 0, upsample: bicubic}"] * 9)
    with pytest.raises(SpecError, match="9 stages from 1024 end at 262144"):
        words = [f"generator.stages=[{stages}]", "generator.initial_size=1024"]
        compile_spec(parse_spec(TINY["stl10"], "tiny.yaml", words))


def test_sides_need_not_be_powers_of_two() -> None:
    plan = compile_spec(load_spec("transgan-stl10"))
    assert [stage.resolution for stage in plan.generator.stages] == [12, 24, 48]
    assert [stage.resolution for stage in plan.discriminator.stages] == [24, 12]


def test_scale_may_have_no_patches_of_its_own() -> None:
    plan = compile_spec(parse_spec(TINY["stl10"], "tiny.yaml", ["discriminator.stages[1].channels=12"]))
    assert [stage.patches is None for stage in plan.discriminator.stages] == [False, True]
