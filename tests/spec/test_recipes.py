"""Named recipes, put into specs of every form."""

from __future__ import annotations

import pytest

from hitzoo.errors import RequestError, UnknownNameError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec, parse_spec
from hitzoo.spec.augmentation import AdaGroupSpec, AdaSpec, DiffAugmentSpec
from hitzoo.spec.ema import EmaSpec
from hitzoo.spec.recipes import RECIPES, Setting, with_recipe
from hitzoo.spec.shipped import find_spec, shipped_specs
from hitzoo.spec.types import BcrSpec, R1Spec, R2Spec, ScheduleSpec

HEAD = "hitzoo: 1\nname: x\ngenerator: {family: hit, stages: [{channels: 8, depth: 1, heads: 2}]}\n"
SMALL = Setting(side=64, images=640_000)


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("base", ["hit-ti-shapes64", "hit-s-ffhq256", "convnet-r1-imagenet128"])
def test_recipe_takes_the_place_of_another_and_of_nothing_else(base, name) -> None:
    text = find_spec(base).read_text(encoding="utf-8")
    before, after = parse_spec(text), parse_spec(with_recipe(text, name, SMALL))
    compile_spec(after)
    kept = ["name", "generator", "data", "evaluation", *([] if name == "small-data" else ["discriminator"])]
    for part in kept:
        assert getattr(before, part) == getattr(after, part)
    for key in ("batch_size", "steps", "norm_statistics", "activation_checkpointing"):
        assert getattr(before.training, key) == getattr(after.training, key)
    assert (
        after.training.loss
        == {
            "official": "non_saturating",
            "r3gan": "relativistic",
            "small-data": "hinge",
        }[name]
    )


def test_official_recipe_is_that_of_the_shipped_specs() -> None:
    for base in ("hit-b-ffhq256", "hit-imagenet128"):
        text, spec = find_spec(base).read_text(encoding="utf-8"), load_spec(base)
        setting = Setting(side=spec.data.resolution or 0, images=1)
        assert parse_spec(with_recipe(with_recipe(text, "r3gan", setting), "official", setting)) == spec


def test_r3gan_anneals_all_it_anneals_over_the_run_at_most() -> None:
    training = parse_spec(with_recipe(HEAD, "r3gan", SMALL)).training
    assert training.regularizers == (
        R1Spec(weight=ScheduleSpec(from_=1.0, to=0.1, images=640_000)),
        R2Spec(weight=ScheduleSpec(from_=1.0, to=0.1, images=640_000)),
    )
    assert training.optimizer.learning_rate == ScheduleSpec(from_=2e-4, to=5e-5, images=640_000)
    assert training.optimizer.betas == (0.0, ScheduleSpec(from_=0.9, to=0.99, images=640_000))
    assert training.ema.half_life == ScheduleSpec(from_=0.0, to=16_000.0, images=640_000)
    strength = ScheduleSpec(from_=0.0, to=0.3, images=640_000)
    assert training.augment == AdaSpec(
        transforms=("blit", "geometry", AdaGroupSpec(group="color", probability=0.5), "cutout"), strength=strength
    )
    long = parse_spec(with_recipe(HEAD, "r3gan", Setting(side=256, images=10**9))).training
    assert long.ema.half_life == ScheduleSpec(from_=0.0, to=500_000.0, images=20_000_000)
    assert long.regularizers[0].weight == ScheduleSpec(from_=75.0, to=7.5, images=20_000_000)


@pytest.mark.parametrize(
    ("side", "weight"), [(16, 0.025), (32, 0.025), (64, 1.0), (128, 8.5), (200, 8.5), (256, 75.0), (1024, 1200.0)]
)
def test_r3gan_weight_is_that_of_the_resolution(side, weight) -> None:
    training = parse_spec(with_recipe(HEAD, "r3gan", Setting(side=side, images=1000))).training
    assert training.regularizers[0].weight.from_ == weight


@pytest.mark.parametrize(("side", "p"), [(32, 0.55), (64, 0.3), (256, 0.3)])
def test_r3gan_augments_to_the_strength_of_the_resolution(side, p) -> None:
    training = parse_spec(with_recipe(HEAD, "r3gan", Setting(side=side, images=1000))).training
    assert training.augment.strength.to == p


def test_official_recipe_takes_another_ones_augmentation_away() -> None:
    text = with_recipe(with_recipe(HEAD, "r3gan", SMALL), "official", SMALL)
    assert parse_spec(text).training.augment is None


@pytest.mark.parametrize(("side", "seen"), [(64, 128), (128, None)])
def test_small_data_has_a_projected_discriminator(side, seen) -> None:
    spec = parse_spec(with_recipe(HEAD, "small-data", Setting(side=side, images=64_000)))
    assert (spec.discriminator.family, spec.discriminator.input_size) == ("projected", seen)
    assert spec.training.regularizers == ()
    assert spec.training.augment == DiffAugmentSpec(policy=("color", "translation", "cutout"))
    assert spec.training.optimizer.generator.learning_rate == 4e-4
    assert spec.training.ema == EmaSpec(half_life=10_000, ramp=0.05, start_step=0, recalibrate=1000)


@pytest.mark.parametrize(
    "section",
    [
        "discriminator: {family: stylegan2, channels: [16, 8]}   # mine\n",
        "discriminator:\n  # aside\n\n  family: stylegan2\n  channels: [16, 8]\n",
        '"discriminator" :\n  {\n    family: stylegan2,\n}\n',
        "discriminator: {family: stylegan2,\n  channels: [16, 8]}\n",
    ],
)
def test_recipe_takes_the_place_of_a_discriminator_as_people_write_it(section) -> None:
    text = with_recipe(f"{HEAD}{section}\n# on images\ndata: {{flip: false}}\n", "small-data", SMALL)
    spec = parse_spec(text)
    assert (spec.discriminator.family, spec.data.flip) == ("projected", False)
    assert "stylegan2" not in text
    assert "\n\n# on images\ndata" in text


def test_shipped_spec_for_small_data_is_what_the_recipe_makes_of_its_original() -> None:
    text, spec = find_spec("hit-ti-64").read_text(encoding="utf-8"), load_spec("hit-ti-small-data")
    setting = Setting(side=64, images=spec.training.steps * spec.training.batch_size)
    made = parse_spec(with_recipe(text, "small-data", setting))
    assert (made.training, made.discriminator) == (spec.training, spec.discriminator)


def test_consistency_belongs_to_the_official_recipe_of_large_faces() -> None:
    for side, wanted in ((128, False), (256, True)):
        training = parse_spec(with_recipe(HEAD, "official", Setting(side=side, images=1000))).training
        assert any(isinstance(term, BcrSpec) for term in training.regularizers) is wanted


def test_recipe_in_specs_of_other_forms() -> None:
    deep = (
        HEAD
        + "training:   # mine\n    steps: 7   # few\n\n    optimizer:\n        kind: adam\n# aside\n"
        + "data: {flip: false}\n"
    )
    spec = parse_spec(with_recipe(deep, "official", SMALL))
    assert (spec.training.steps, spec.data.flip, spec.training.optimizer.learning_rate) == (7, False, 1e-4)
    assert "# few" in with_recipe(deep, "official", SMALL)
    with pytest.raises(RequestError, match="in braces; write its keys below each other"):
        with_recipe(HEAD + "training: {steps: 7}\n", "official", SMALL)
    with pytest.raises(UnknownNameError, match="no recipe is called 'r3gen'; did you mean 'r3gan'"):
        with_recipe(HEAD, "r3gen", SMALL)


@pytest.mark.parametrize(
    "training",
    [
        "training:\n\n  loss: hinge\n  steps: 7\n",
        "training:\n      # far in\n  loss: hinge\n  steps: 7\n",
        "training:\n# far out\n    loss: hinge\n    steps: 7\n# farther\n    batch_size: 8\n",
        'training:\n  "loss": hinge\n  steps: 7\n',
        '"training" :\n  loss : hinge\n  steps: 7\n',
    ],
)
def test_recipe_in_yaml_as_people_write_it(training) -> None:
    found = parse_spec(with_recipe(HEAD + training + "data: {flip: false}\n", "r3gan", SMALL))
    assert (found.training.loss, found.training.steps, found.data.flip) == ("relativistic", 7, False)


def test_comments_go_and_stay_with_the_key_below_them() -> None:
    training = (
        "training:\n  # on steps\n  steps: 7\n  # on the loss\n  loss: hinge\n  # on the batch\n  batch_size: 8\n"
    )
    text = with_recipe(HEAD + training + "# on images\ndata: {flip: false}\n", "official", SMALL)
    assert "# on the loss" not in text
    for comment in ("  # on steps\n  steps", "  # on the batch\n  batch_size", "\n# on images\ndata"):
        assert comment in text


@pytest.mark.parametrize("name", [name for name in shipped_specs() if name.endswith("-r3gan")])
def test_shipped_specs_of_the_recipe_are_what_it_makes_of_their_originals(name) -> None:
    base = find_spec(name.removesuffix("-r3gan")).read_text(encoding="utf-8")
    spec = load_spec(name)
    setting = Setting(side=compile_spec(spec).generator.resolution, images=spec.training.steps * 256)
    assert parse_spec(with_recipe(base, "r3gan", setting)).training == spec.training
    assert compile_spec(spec).generator_hash == compile_spec(load_spec(name.removesuffix("-r3gan"))).generator_hash
