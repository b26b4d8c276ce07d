from __future__ import annotations

import pytest

from hitzoo.families.load import parse_spec
from hitzoo.families.recipe_in_words import gamma_notes, recipe_in_words
from tests.conftest import TINY

OURS = "training.regularizers=[{kind: r1, weight: 5}, {kind: r2, weight: {from: 75, to: 7.5, images: 20000000}}]"


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ([], "non_saturating, r1 1 (γ 2), bcr 10; adam 0.0001, β 0 and 0.99; average 0.999 per step, a half-life of"),
        (["training.ema.half_life=500000"], "; average with a half-life of 500,000 images"),
        (
            ["training.ema.half_life={from: 0, to: 500000, images: 20000000}"],
            "; average with a half-life of 0 to 500,000 over 20,000,000 images",
        ),
        (
            ["training.ema={half_life: 10000, ramp: 0.05, recalibrate: 500}"],
            "; average with a half-life of 10,000 images, at most 0.05 of those seen, recalibrated on 500 samples",
        ),
        (
            ["training.ema=[{half_life: 10000}, {half_life: 100000}]"],
            "; averages with a half-life of 10,000 images and with a half-life of 100,000 images",
        ),
        (["training.ema.decay=0"], "; average is a copy"),
        (["training.ema.decay=0.5", "training.updates={discriminator: 3}"], "0.5 per step, a half-life of 12 images"),
        ([OURS], "r1 5 (γ 10), r2 75 to 7.5 over 20,000,000 images (γ 150 to 15); adam"),
        (
            ["training.regularizers=[{kind: r1, method: finite_difference, fraction: 0.25, interval: 8}]"],
            "r1 0.0256 (γ 0.0512) by finite differences on 1/4 of the batch every 8 updates;",
        ),
        (
            ["training.updates={discriminator: 4, generator_batch_size: 8}"],
            "; 4 updates of the discriminator to 1 of the generator on 8 images; adam",
        ),
        (
            ["training.updates={discriminator: 4, generator_after: 1, stale_gradient: true}"],
            "4 updates of the discriminator to 1 of the generator after 1, whose gradient stays with the discriminator",
        ),
        (["training.augment={kind: diffaugment}"], "bcr 10; diffaugment of color, translation, cutout; adam"),
        (
            [
                "training.augment={kind: diffaugment, strength: {from: 0, to: 0.3, images: 9000}, policy: [hue, "
                "{kind: translation, ratio: 0.2}, {kind: erase, probability: 0.3, per: batch}, {kind: filter}]}"
            ],
            "; diffaugment of hue, translation 0.2, erase 0.2 to 0.7 with probability 0.3 per batch, filter,"
            " with p 0 to 0.3 over 9,000 images; adam",
        ),
        (
            ["training.augment={kind: ada}"],
            "; ada of blit, geometry, color, with p adapting to 0.6 in 500,000 images; adam",
        ),
        (
            ["training.augment={kind: ada, target: 0.5, images: 9000, transforms: [noise]}"],
            "; ada of noise, with p adapting to 0.5 in 9,000 images; adam",
        ),
        (["training.augment={kind: ada, strength: 0.25, transforms: [color]}"], "; ada of color, with p 0.25; adam"),
        (
            ["training.augment={kind: ada, strength: 0.25, transforms: [blit, {group: color, probability: 0.5}]}"],
            "; ada of blit, color with probability 0.5, with p 0.25; adam",
        ),
        (["discriminator.san=true", "training.loss=hinge"], "hinge, san, r1"),
        (
            ["training.optimizer={kind: adam, warm_up: 5000, clip_norm: 5, discriminator: {learning_rate: 0.0002}}"],
            "adam 0.0001, β 0 and 0.99, gradients up to 5, warm-up of 5,000 images (discriminator: 0.0002);",
        ),
    ],
)
def test_recipe_in_words(overrides, words) -> None:
    found = recipe_in_words(parse_spec(TINY, "tiny", overrides))
    assert words in found
    assert "images images" not in found


def test_gamma_is_twice_the_weight() -> None:
    first, second = gamma_notes(parse_spec(TINY, "tiny", [OURS]))
    assert first.startswith("r1: weight 5 stands before E‖∇D‖² without a factor ½")
    assert first.endswith("γ is 10")
    assert second.endswith("γ is 150 to 15 over 20,000,000 images")
