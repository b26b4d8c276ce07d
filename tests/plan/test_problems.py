"""Sizes that do not fit each other: exact texts at the author's lines."""

from __future__ import annotations

import pytest

from hitzoo.errors import SpecError
from hitzoo.families.compile import compile_spec
from hitzoo.families.hit.spec import HitGeneratorSpec, StageSpec
from hitzoo.families.load import parse_spec
from hitzoo.families.stylegan2.spec import Stylegan2DiscriminatorSpec
from hitzoo.spec.types import Spec

TEXT = """\
hitzoo: 1
name: mine
generator:
  family: hit
  stages:
    - {channels: 32, depth: 1, heads: 4}
    - {channels: 16, depth: 1, heads: 4, block_size: 4}
    - {channels: 8, depth: 1, heads: 2, attention: none}
discriminator: {family: stylegan2, channels: [4, 8, 8, 8], minibatch_std: 4}
training: {batch_size: 8}
data: {resolution: 32}
"""


def said(*changes: tuple[str, str]) -> str:
    text = TEXT
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    with pytest.raises(SpecError) as caught:
        compile_spec(parse_spec(text, "mine.yaml"))
    return str(caught.value)


def test_the_text_itself_fits() -> None:
    assert compile_spec(parse_spec(TEXT)).generator.resolution == 32


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "heads: 4}",
            "heads: 5}",
            "mine.yaml:6:39  generator.stages[0].heads\n  5 heads do not divide 32 channels\n"
            "  possible: 2, 4, 8, 16, 32",
        ),
        (
            "heads: 2, ",
            "heads: 3, ",
            "mine.yaml:8:38  generator.stages[2].heads\n  3 heads do not divide 8 channels\n  possible: 1, 2, 4, 8",
        ),
        (
            "{channels: 16, depth: 1, heads: 4",
            "{channels: 20, depth: 1, heads: 5",
            "mine.yaml:7:39  generator.stages[1].heads\n"
            "  multi_axis attention needs an even number of heads (half for each axis), not 5\n"
            "  possible: 2, 4, 10, 20",
        ),
        (
            "block_size: 4",
            "block_size: 3",
            "mine.yaml:7:54  generator.stages[1].block_size\n  blocks of 3 do not divide the stage's resolution 16\n"
            "  possible: 1, 2, 4, 8, 16; auto takes 4",
        ),
        (
            "block_size: 4",
            "block_size: 32",
            "mine.yaml:7:54  generator.stages[1].block_size\n  blocks of 32 do not divide the stage's resolution 16\n"
            "  possible: 1, 2, 4, 8, 16; auto takes 4",
        ),
        (
            "attention: none",
            "attention: none, block_size: 4",
            "mine.yaml:8:70  generator.stages[2].block_size\n  a stage without attention has no blocks\n"
            "  remove block_size, or set attention to one of: dilated, interleaved, multi_axis, regional",
        ),
        (
            "attention: none",
            "attention: none, block_size: auto",
            "mine.yaml:8:70  generator.stages[2].block_size\n  a stage without attention has no blocks\n"
            "  remove block_size, or set attention to one of: dilated, interleaved, multi_axis, regional",
        ),
        (
            "channels: 16, depth: 1, heads: 4",
            "channels: 18, depth: 1, heads: 2",
            "mine.yaml:7:18  generator.stages[1].channels\n"
            "  18 channels cannot be dealt to 2×2 pixels of the next stage\n"
            "  a multiple of 4, for example 16",
        ),
        (
            "resolution: 32",
            "resolution: 64",
            "mine.yaml:11:20  data.resolution\n"
            "  the last stage reaches 32, not the wanted 64 (3 stages, doubling from 8)\n"
            "  give 4 stages, or set data.resolution: 32",
        ),
        (
            "resolution: 32",
            "resolution: 48",
            "mine.yaml:11:20  data.resolution\n"
            "  the last stage reaches 32, not the wanted 48 (3 stages, doubling from 8)\n"
            "  no discriminator takes 48 (sides are 8, 16, 32, 64, …): set data.resolution: 32,"
            " or set data.resolution: 64 and give 4 stages",
        ),
        (
            "[4, 8, 8, 8]",
            "[4, 8, 8]",
            "mine.yaml:9:46  discriminator.channels\n  3 widths for 4 resolutions\n  one each for 32, 16, 8, 4",
        ),
        (
            "minibatch_std: 4",
            "minibatch_std: 3",
            "mine.yaml:9:75  discriminator.minibatch_std\n  groups of 3 do not divide the batch of 8\n"
            "  choose a divisor of the batch size",
        ),
        (
            "attention: none",
            "attention: none, to_rgb: false",
            "mine.yaml:8:66  generator.stages[2].to_rgb\n  the last stage must add to the image\n"
            "  remove to_rgb or set it to true",
        ),
    ],
)
def test_one_problem(old: str, new: str, message: str) -> None:
    assert said((old, new)) == message


@pytest.mark.parametrize(("initial", "side"), [(1, 4), (3, 12), (10, 40), (5, 20)])
def test_a_side_that_the_discriminator_cannot_halve(initial: int, side: int) -> None:
    message = said(
        ("  stages:", f"  initial_size: {initial}\n  stages:"),
        (", block_size: 4", ""),
        ("data: {resolution: 32}", ""),
    )
    assert message == (
        f"mine.yaml:7:5  generator.stages\n  a side of {side} cannot be halved down to 4, as the discriminator does\n"
        "  possible image sides: 8, 16, 32, 64, … (change generator.initial_size or the number of stages)"
    )


def test_an_odd_number_of_channels_has_no_even_heads() -> None:
    assert said(("channels: 8", "channels: 9"), (", attention: none", "")) == (
        "mine.yaml:8:38  generator.stages[2].heads\n  2 heads do not divide 9 channels\n"
        "  make the number of channels even"
    )


@pytest.mark.parametrize(("initial", "fits"), [(32, True), (64, False)])
def test_an_image_too_large_to_be_meant(initial: int, fits: bool) -> None:
    stages = "    - {channels: 8, depth: 0, heads: 2, attention: none}\n" * 12
    text = f"hitzoo: 1\nname: mine\ngenerator:\n  family: hit\n  initial_size: {initial}\n  stages:\n{stages}"
    spec = parse_spec(text, "mine.yaml")
    if fits:
        assert compile_spec(spec).generator.resolution == 65536
        return
    with pytest.raises(SpecError) as caught:
        compile_spec(spec)
    assert str(caught.value) == (
        "mine.yaml:7:5  generator.stages\n  12 stages from 64 end at 131072\n"
        "  the largest image has a side of 65536 pixels"
    )


def test_several_problems_of_both_networks_come_together() -> None:
    message = said(
        ("heads: 4}", "heads: 5}"),
        ("block_size: 4", "block_size: 5"),
        ("[4, 8, 8, 8]", "[4]"),
        ("minibatch_std: 4", "minibatch_std: 5"),
        ("attention: none", "attention: none, to_rgb: false"),
    )
    assert [line.split()[1] for line in message.splitlines() if line.startswith("mine.yaml")] == [
        "generator.stages[0].heads",
        "generator.stages[1].block_size",
        "generator.stages[2].to_rgb",
        "discriminator.channels",
        "discriminator.minibatch_std",
    ]


def test_a_wrong_resolution_is_said_beside_wrong_heads() -> None:
    message = said(("heads: 4}", "heads: 5}"), ("resolution: 32", "resolution: 16"))
    assert "5 heads do not divide 32 channels" in message
    assert "give 2 stages, or set data.resolution: 32" in message


@pytest.mark.parametrize("group", [8, 4, 2, 1, 16, 100])
def test_a_group_may_be_the_batch_or_more(group: int) -> None:
    """A group larger than the batch is the whole batch, as in StyleGAN2."""
    plan = compile_spec(parse_spec(TEXT.replace("minibatch_std: 4", f"minibatch_std: {group}")))
    assert plan.discriminator.head.kwargs["minibatch_std"] == group


def test_heads_that_nobody_uses_need_not_fit() -> None:
    text = TEXT.replace("heads: 2, ", "heads: 3, ").replace("  stages:", "  latent_tokens: 0\n  stages:")
    assert compile_spec(parse_spec(text)).generator.stages[2].heads == 0


def test_a_spec_made_in_python_has_problems_without_lines() -> None:
    generator = HitGeneratorSpec(stages=(StageSpec(channels=30, depth=1, heads=4),))
    spec = Spec(name="mine", generator=generator, discriminator=Stylegan2DiscriminatorSpec())
    with pytest.raises(SpecError) as caught:
        compile_spec(spec)
    assert str(caught.value) == (
        "spec  generator.stages[0].heads\n  4 heads do not divide 30 channels\n  possible: 2, 6, 10, 30"
    )


def with_training(more: str, *changes: tuple[str, str]) -> str:
    return said(("training: {batch_size: 8}", f"training: {{batch_size: 8, {more}}}"), *changes)


def test_a_regularizer_that_is_there_twice() -> None:
    message = with_training("regularizers: [{kind: r1}, {kind: bcr}, {kind: r1, weight: 2}, {kind: bcr}]")
    assert message == (
        "mine.yaml:10:67  training.regularizers[2]\n  r1 is there twice\n  give one of them, with the weight you want\n"
        "mine.yaml:10:90  training.regularizers[3]\n  bcr is there twice\n"
        "  give one of them, with the weight you want"
    )


def test_options_of_a_finite_difference_beside_an_exact_penalty() -> None:
    message = with_training("regularizers: [{kind: r1, sigma: 0.1}, {kind: r2, fraction: 0.5}]")
    assert message == (
        "mine.yaml:10:60  training.regularizers[0].sigma\n  sigma has no effect on an exact r1\n"
        "  write method: finite_difference, or leave it out\n"
        "mine.yaml:10:87  training.regularizers[1].fraction\n  fraction has no effect on an exact r2\n"
        "  write method: finite_difference, or leave it out"
    )


@pytest.mark.parametrize("fraction", ["0.3", "0.0625", "0.3333"])
def test_a_fraction_that_is_no_whole_number_of_images(fraction: str) -> None:
    message = with_training(f"regularizers: [{{kind: r1, method: finite_difference, fraction: {fraction}}}]")
    assert f"{fraction} of a batch of 8 is no whole number of images" in message
    assert "write a fraction such as 0.5 or 0.25 that gives one" in message


def test_a_weight_that_is_nothing_throughout() -> None:
    message = with_training("regularizers: [{kind: bcr, weight: {from: 0, to: 0, images: 9}}]")
    assert "training.regularizers[0].weight\n  it is 0 at both ends" in message


def test_a_fraction_beside_groups_of_the_whole_batch() -> None:
    message = with_training("regularizers: [{kind: r1, method: finite_difference, fraction: 0.5}]")
    assert "a part of the batch has other groups than the whole (discriminator.minibatch_std)" in message


@pytest.mark.parametrize(
    ("augment", "message"),
    [
        ("strength: {from: 0, to: 1.5, images: 9}", "training.augment.strength.to\n  1.5 is out of range: at most 1"),
        ("strength: {from: 0, to: 0, images: 9}", "training.augment.strength\n  it is 0 at both ends"),
        (
            "policy: [color, {kind: erase, ratio: [0.7, 0.2]}]",
            "training.augment.policy[1].ratio\n  the least share of the side, 0.7, is above the greatest, 0.2",
        ),
        ("policy: [colour]", "did you mean 'color'?"),
        ("policy: [{kind: translation, size: 0.2}]", "unknown key 'size'"),
    ],
)
def test_augmentation_that_cannot_be_done(augment: str, message: str) -> None:
    assert message in with_training(f"augment: {{kind: diffaugment, {augment}}}")


@pytest.mark.parametrize(
    ("training", "message"),
    [
        ("augment: {kind: ada, strength: 0.2, target: 0.5}", "target has no effect beside a strength"),
        ("augment: {kind: ada, strength: 0.2, images: 9}", "images has no effect beside a strength"),
        (
            "augment: {kind: ada}, loss: relativistic",
            "training.augment\n  under a relativistic loss the sign of a logit means nothing that a strength could",
        ),
        ("augment: {kind: ada, target: 0.5}, loss: wasserstein", "under a wasserstein loss the sign of a logit means"),
        ("augment: {kind: ada, strength: {from: 0, to: 2, images: 9}}", "strength.to\n  2 is out of range: at most 1"),
        ("augment: {kind: ada, p: 0.2}", "unknown key 'p'"),
        (
            "augment: {kind: ada, transforms: [color, {group: color, probability: 0.5}]}",
            "training.augment.transforms[1]\n  color is there already",
        ),
        ("augment: {kind: ada, transforms: [{group: color, probability: 2}]}", "transforms[0].probability"),
    ],
)
def test_adaptation_that_cannot_be_done(training: str, message: str) -> None:
    assert message in with_training(training)


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (
            "betas: [{from: 0.1, to: 0.2, images: 9}, 0.9]",
            "training.optimizer.betas[0]\n  the first of the betas cannot follow a schedule",
        ),
        ("betas: [0, {from: 0.1, to: 1.0, images: 9}]", "betas[1].to\n  1 is out of range: less than 1"),
        ("learning_rate: {from: 0, to: 0, images: 9}", "training.optimizer.learning_rate\n  it is 0 at both ends"),
        ("lazy_correction: true", "lazy_correction has no effect: no regularizer has an interval above 1"),
        ("learning_rate: {from: 2, to: 0, images: 9}", "learning_rate.from\n  2 is out of range: at most 1"),
        (
            "discriminator: {learning_rate: {from: 0.1, to: 5, images: 9}}",
            "training.optimizer.discriminator.learning_rate.to\n  5 is out of range: at most 1",
        ),
    ],
)
def test_ends_of_a_schedule_that_a_number_cannot_have(optimizer: str, message: str) -> None:
    assert message in with_training(f"optimizer: {{kind: adam, {optimizer}}}")


def test_groups_that_do_not_divide_the_generators_batch() -> None:
    message = with_training("updates: {generator_batch_size: 6}")
    assert "training.updates.generator_batch_size\n  groups of 4 do not divide the generator's batch of 6" in message
    assert "choose a multiple of 4, or change discriminator.minibatch_std" in message


@pytest.mark.parametrize(
    ("updates", "message"),
    [
        ("discriminator: 2, generator_after: 3", "the generator's update cannot come after 3 of the discriminator's 2"),
        ("discriminator: 2, generator_after: 3", "choose 1 to 2, or leave it out for 2"),
        ("discriminator: 2, stale_gradient: true", "stale_gradient\n  no update of the discriminator follows"),
        ("discriminator: 2, stale_gradient: true, generator_after: 2", "add generator_after: 1"),
        ("stale_gradient: true", "set discriminator: 2 or more, and generator_after: 1"),
    ],
)
def test_a_place_among_the_updates_that_there_is_not(updates: str, message: str) -> None:
    assert message in with_training(f"updates: {{{updates}}}")


def test_a_resolution_to_compute_again_that_no_part_has() -> None:
    message = with_training("activation_checkpointing: [16, 64, 12, 4]")
    assert message == "\n".join(
        f"mine.yaml:10:{column}  training.activation_checkpointing[{index}]\n"
        f"  no stage or block has a resolution of {side}\n"
        "  possible: 8, 16, 32"
        for index, column, side in ((1, 58, 64), (2, 62, 12), (3, 66, 4))
    )


@pytest.mark.parametrize(
    ("generator", "possible"),
    [
        ("{family: hit, initial_size: 4, stages: [{channels: 8, depth: 0}, {channels: 8, depth: 0}]}", {4, 8}),
        ("{family: hit, initial_size: 8, stages: [{channels: 8, depth: 0}, {channels: 8, depth: 0}]}", {8, 16}),
        ("{family: convnet, initial_size: 4, channels: [8, 8, 8]}", {8, 16}),
    ],
)
def test_what_can_be_computed_again_is_what_a_part_has(generator: str, possible: set[int]) -> None:
    for side in (4, 8, 16, 32):
        training = f"training: {{batch_size: 8, activation_checkpointing: [{side}]}}"
        spec = parse_spec(f"hitzoo: 1\nname: mine\ngenerator: {generator}\n{training}\n")
        if side in possible:
            compile_spec(spec)
            continue
        with pytest.raises(SpecError, match=f"no stage or block has a resolution of {side}"):
            compile_spec(spec)


@pytest.mark.parametrize("wanted", ["none", "all", "[8]", "[32, 16]"])
def test_resolutions_that_can_be_computed_again(wanted: str) -> None:
    text = TEXT.replace("batch_size: 8}", f"batch_size: 8, activation_checkpointing: {wanted}}}")
    assert compile_spec(parse_spec(text)).generator.resolution == 32


@pytest.mark.parametrize("group", [3, 5, 16])
def test_groups_of_a_batch_norm_that_do_not_divide_the_batch(group: int) -> None:
    assert with_training(f"norm_statistics: {group}") == (
        f"mine.yaml:10:44  training.norm_statistics\n  groups of {group} images do not divide the batch of 8\n"
        "  choose a divisor of training.batch_size"
    )
