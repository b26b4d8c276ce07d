"""Named recipes, put in the place of a spec's own: loss, penalties, optimizer, average, and some a discriminator."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from hitzoo.errors import RequestError, UnknownNameError, suggestion

_KEYS: Final = ("loss", "regularizers", "augment", "updates", "optimizer", "ema")
_GAMMAS: Final = {32: 0.05, 64: 2.0, 128: 17.0, 256: 150.0}  # by resolution, as in R3GAN; that of 128 lies between
_ANNEALED: Final = 20_000_000  # images
_SMALL_SIDE: Final = 64  # pixels; up to it the frozen network sees 128, in a third of the time that its 224 take
_ASIDE: Final = re.compile(r"[ \t]*(#.*)?\n?")  # a line that says nothing
_TRAINING: Final = r"^[\"']?training[\"']?[ \t]*:"


@dataclass(frozen=True)
class Setting:
    """What a recipe's numbers follow from.

    Attributes:
        side: of the images, in pixels.
        images: real images of the whole run.
        normed: the generator has batch norms.
    """

    side: int
    images: int
    normed: bool = True


@dataclass(frozen=True)
class Recipe:
    """Lines of `training` that follow from the setting, and for some the line of a discriminator."""

    training: Callable[[Setting], list[str]]
    discriminator: Callable[[Setting], str] | None = None


def with_recipe(text: str, name: str, setting: Setting) -> str:
    """Return the text of a spec with another recipe; batch, length and everything else stay as they are.

    Raises:
        UnknownNameError: there is no such recipe.
        RequestError: `training` is written in braces, so that nothing in it can be replaced line by line.
    """
    if name not in RECIPES:
        hint = suggestion(name, RECIPES) or f"known: {', '.join(RECIPES)}"
        raise UnknownNameError(f"no recipe is called '{name[:60]}'; {hint}")
    recipe = RECIPES[name]
    if recipe.discriminator is not None:
        text = _with_section(text, "discriminator", recipe.discriminator(setting))
    return _with_training(text, [f"  {line}" for line in recipe.training(setting)])


def _with_section(text: str, key: str, section: str) -> str:
    """Put a line in the place of a key with all below it; comments and empty lines at its end stay."""
    lines = text.splitlines(keepends=True)
    begin = next((at for at, line in enumerate(lines) if re.match(rf"[\"']?{key}[\"']?[ \t]*:", line)), None)
    if begin is None:
        return "\n".join([text.rstrip("\n"), section]) + "\n"
    end = begin + 1
    for at, line in enumerate(lines[end:], start=end):
        if line[0] in " \t}]" and not _ASIDE.fullmatch(line):
            end = at + 1
        elif not _ASIDE.fullmatch(line):
            break
    return "".join([*lines[:begin], section, "\n", *lines[end:]])


def _with_training(text: str, recipe: list[str]) -> str:
    if not re.search(_TRAINING, text, re.MULTILINE):
        return "\n".join([text.rstrip("\n"), "training:", *recipe]) + "\n"
    begins = re.search(rf"{_TRAINING}[ \t]*(#.*)?\n", text, re.MULTILINE)
    if begins is None:
        raise RequestError("the spec has `training: {…}` in braces; write its keys below each other")
    inside = re.match(r"(?:[ \t]+.*\n?|[ \t]*\n|#.*\n)*", text[begins.end() :])
    assert inside is not None, "it may be empty"
    kept = "".join(_others(inside.group()))
    rest = text[begins.end() + inside.end() :]
    return text[: begins.end()] + "\n".join(recipe) + "\n" + kept + rest


def _others(block: str) -> Iterator[str]:
    """Lines of a mapping that belong to no key of a recipe; comments belong to the key below them."""
    lines = block.splitlines(keepends=True)
    width = next((len(line) - len(line.lstrip(" ")) for line in lines if not _ASIDE.fullmatch(line)), 0)
    leaving_out, asides = False, list[str]()
    for line in lines:
        if _ASIDE.fullmatch(line):
            asides.append(line)
            continue
        key = re.match(rf" {{{width}}}[\"']?(\w+)[\"']?[ \t]*:", line)
        if key is not None:
            leaving_out = key[1] in _KEYS
        if not leaving_out:
            yield from (_moved(one, width) for one in (*asides, line))
        asides.clear()
    yield from asides


def _moved(line: str, width: int) -> str:
    """A line of a mapping that is indented by `width` spaces, as one that is indented by two."""
    return f"  {line[width:]}" if line.startswith(" " * width) and line.strip() else line


def _official(setting: Setting) -> list[str]:
    weight = 10.0 if setting.side >= 128 else round(0.1 * (setting.side / 32) ** 2, 3)
    smaller = "" if setting.side >= 128 else "; the paper has 10 at 128×128, smaller images want less"
    faces = ["  - {kind: bcr, weight: 10.0, augment: [color, translation, cutout]}"] if setting.side >= 256 else []
    return [
        "loss: non_saturating            # the recipe of the HiT paper",
        "regularizers:",
        f"  - {{kind: r1, weight: {weight}}}   # no ½: StyleGAN's gamma is {2 * weight:g}{smaller}",
        *faces,
        f"optimizer: {{kind: adam, form: keras, learning_rate: {_official_rate(setting)}, betas: [0.0, 0.99]}}",
        "ema: {decay: 0.999, start_step: 10}",
    ]


def _official_rate(setting: Setting) -> str:
    return "5.0e-5" if setting.side >= 256 else "1.0e-4"


def _r3gan(setting: Setting) -> list[str]:
    images, gamma = min(_ANNEALED, setting.images), _gamma(setting.side)
    weight = f"{{from: {gamma / 2:g}, to: {gamma / 20:g}, images: {images}}}"
    return [
        "loss: relativistic              # R3GAN's recipe; ours for these networks",
        f"regularizers:                   # no ½: R3GAN's gamma is twice the weight, {gamma:g} to {gamma / 10:g}",
        f"  - {{kind: r1, weight: {weight}}}",
        f"  - {{kind: r2, weight: {weight}}}",
        "augment:                        # of all that the discriminator sees; p does not adapt itself",
        "  kind: ada",
        "  transforms: [blit, geometry, {group: color, probability: 0.5}, cutout]",
        f"  strength: {{from: 0, to: {_strength(setting.side)}, images: {images}}}",
        "optimizer:",
        "  kind: adam",
        "  form: torch",
        f"  learning_rate: {{from: 2.0e-4, to: 5.0e-5, images: {images}}}",
        f"  betas: [0.0, {{from: 0.9, to: 0.99, images: {images}}}]",
        f"ema: {{half_life: {{from: 0, to: {max(images // 40, 1)}, images: {images}}}, start_step: 0}}   # in images",
    ]


def _strength(side: int) -> float:
    """Return p at the end: R3GAN's for CIFAR-10 or for faces."""
    return 0.55 if side <= 32 else 0.3


def _small_data(setting: Setting) -> list[str]:
    anew = ", recalibrate: 1000}   # averaged norms give grey images" if setting.normed else "}"
    return [
        "loss: hinge                     # Projected GAN's recipe; ours for these networks",
        "regularizers: []",
        "augment: {kind: diffaugment, policy: [color, translation, cutout]}",
        "optimizer:",
        "  kind: adam",
        "  form: torch",
        "  learning_rate: 2.0e-4",
        "  betas: [0.0, 0.99]",
        "  generator: {learning_rate: 4.0e-4}",
        f"ema: {{half_life: 10000, ramp: 0.05, start_step: 0{anew}",
    ]


def _projected(setting: Setting) -> str:
    seen = ", input_size: 128, channels: 32" if setting.side <= _SMALL_SIDE else ""
    section = f"{{family: projected, backbone: tf_efficientnet_lite0{seen}}}"
    return f"discriminator: {section}   # pip install 'hitzoo[features]'"


def _gamma(side: int) -> float:
    """Return γ at the beginning: that of the nearest smaller resolution, and beyond 256 by the number of pixels."""
    nearest = max((known for known in _GAMMAS if known <= side), default=min(_GAMMAS))
    return _GAMMAS[nearest] * (side / 256) ** 2 if side > 256 else _GAMMAS[nearest]


RECIPES: Final = {
    "official": Recipe(_official),
    "r3gan": Recipe(_r3gan),
    "small-data": Recipe(_small_data, discriminator=_projected),
}
"""By the name that `hitzoo new --recipe` takes."""
