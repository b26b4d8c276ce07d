"""Default places of outputs, named after the model and the options."""

from __future__ import annotations

from pathlib import Path

from hitzoo.sampling.autoencoder import Autoencoder
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.render import View
from hitzoo.sampling.style_mixing import Mix


def samples_folder(generator: Generator, truncation: float, scale: int = 1, mix: Mix | None = None) -> Path:
    """`samples/photos-step-00012000`, `samples/acme--photos@v1-fast-bfloat16`, `samples/b256-truncation-0.7`."""
    enlarged = "" if scale == 1 else f"-x{scale}"
    taken = "" if mix is None else f"-mix-{mix.seed}-{mix.place}"
    return Path("samples") / f"{generator.label}{_way(generator, truncation)}{taken}{enlarged}"


def render_stem(generator: Generator, seed: int, truncation: float, view: View) -> str:
    """`b256-seed0007`; region, level and size that were asked for follow: `-region-16-8-32-32`."""
    way = f"-truncation-{truncation:g}" if truncation != 1 else ""
    way += "" if generator.precision == "float32" else f"-{generator.precision}"
    return f"{generator.label}-seed{seed:04d}{_seen(view)}{way}"


def codes_render_stem(autoencoder: Autoencoder, picture: str, precision: str, view: View) -> str:
    """`vq-one`, of codes that are those of `one.png`; the rest as of `render_stem`."""
    way = "" if precision == "float32" else f"-{precision}"
    return f"{autoencoder.name}-{picture}{_seen(view)}{way}"


def _seen(view: View) -> str:
    region, level, size = view.region, view.level, view.size
    part = "" if region is None else f"-region-{region.left}-{region.top}-{region.width}-{region.height}"
    coarse = "" if level is None else f"-level-{level}"
    return part + coarse + ("" if size is None else f"-size-{size}")


def _way(generator: Generator, truncation: float) -> str:
    """Name how the images are made, where it is not the plain way."""
    words = [f"truncation-{truncation:g}"] if truncation != 1 else []
    words += ["fast"] if generator.is_fast else []
    words += [generator.precision] if generator.precision != "float32" else []
    return "".join(f"-{word}" for word in words)
