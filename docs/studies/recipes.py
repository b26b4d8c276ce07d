"""The recipes that docs/recipes.md compares: what each writes into a spec."""

from __future__ import annotations

RATE = 4e-4

BCR = "{kind: bcr, weight: 10, augment: [color, translation, cutout]}"
_DIFFAUGMENT = "{kind: diffaugment, policy: [color, translation, cutout]}"


def official(weight: float = 0.4) -> dict[str, str]:
    """Return the loss, R1 of a weight, and the optimizer of the HiT paper, without bCR."""
    optimizer = f"{{kind: adam, form: keras, learning_rate: {RATE}, betas: [0.0, 0.99]}}"
    return {
        "training.loss": "non_saturating",
        "training.regularizers": f"[{r1(weight)}]",
        "training.optimizer": optimizer,
    }


def with_bcr(weight: float = 0.4) -> dict[str, str]:
    """Return the recipe of the HiT paper whole, with R1 of a weight."""
    return official() | {"training.regularizers": f"[{r1(weight)}, {BCR}]"}


def r1(weight: float) -> str:
    """Write the penalty: 0.4 is for 64×64, a smaller image wants a smaller one."""
    return f"{{kind: r1, weight: {weight}}}"


def r3gan(images: int) -> dict[str, str]:
    """Return R3GAN's loss, penalties and annealing, without its augmentation."""
    penalties = ", ".join(f"{{kind: {kind}, weight: {_annealed(1, 0.1, images)}}}" for kind in ("r1", "r2"))
    rate, betas = _annealed(RATE, RATE / 4, images), f"[0.0, {_annealed(0.9, 0.99, images)}]"
    return {
        "training.loss": "relativistic",
        "training.regularizers": f"[{penalties}]",
        "training.optimizer": f"{{kind: adam, form: torch, learning_rate: {rate}, betas: {betas}}}",
    }


def projected() -> dict[str, str]:
    """Return the recipe `small-data`, the generator's rate twice the discriminator's."""
    optimizer = f"learning_rate: {RATE}, betas: [0.0, 0.99], generator: {{learning_rate: {2 * RATE}}}"
    return {
        "training.loss": "hinge",
        "training.regularizers": "[]",
        "training.optimizer": f"{{kind: adam, form: torch, {optimizer}}}",
        "training.augment": _DIFFAUGMENT,
        "discriminator": "{family: projected, backbone: tf_efficientnet_lite0, input_size: 128, channels: 32}",
    }


def recipes(images: int) -> dict[str, dict[str, str]]:
    """Return what every recipe writes into the spec, by its name."""
    return {
        "official": official(),
        "official + bCR": with_bcr(),
        "R3GAN": r3gan(images),
        "R3GAN + SAN": r3gan(images) | {"discriminator.san": "true"},
        "R3GAN + DiffAugment": r3gan(images) | {"training.augment": _DIFFAUGMENT},
        "projected": projected(),
    }


def _annealed(first: float, last: float, images: int) -> str:
    return f"{{from: {first:.6g}, to: {last:.6g}, images: {images}, shape: cosine}}"
