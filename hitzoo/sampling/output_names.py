"""Default places of outputs, named after the model and the options."""

from __future__ import annotations

from pathlib import Path

from hitzoo.sampling.generator import Generator
from hitzoo.sampling.region import Region
from hitzoo.sampling.style_mixing import Mix


def samples_folder(generator: Generator, truncation: float, scale: int = 1, mix: Mix | None = None) -> Path:
    """`samples/photos-step-00012000`, `samples/acme--photos@v1-fast-bfloat16`, `samples/b256-truncation-0.7`."""
    enlarged = "" if scale == 1 else f"-x{scale}"
    taken = "" if mix is None else f"-mix-{mix.seed}-{mix.place}"
    return Path("samples") / f"{generator.label}{_way(generator, truncation)}{taken}{enlarged}"


def render_name(
    generator: Generator,
    seed: int,
    truncation: float,
    *,
    region: Region | None,
    level: int | None,
    size: int | None = None,
    suffix: str,
) -> Path:
    """`renders/b256-seed0007.png`; region, level and size that were asked for follow: `-region-16-8-32-32`."""
    part = "" if region is None else f"-region-{region.left}-{region.top}-{region.width}-{region.height}"
    coarse = "" if level is None else f"-level-{level}"
    coarse += "" if size is None else f"-size-{size}"
    way = f"-truncation-{truncation:g}" if truncation != 1 else ""
    way += "" if generator.precision == "float32" else f"-{generator.precision}"
    return Path("renders") / f"{generator.label}-seed{seed:04d}{part}{coarse}{way}{suffix}"


def _way(generator: Generator, truncation: float) -> str:
    """Name how the images are made, where it is not the plain way."""
    words = [f"truncation-{truncation:g}"] if truncation != 1 else []
    words += ["fast"] if generator.is_fast else []
    words += [generator.precision] if generator.precision != "float32" else []
    return "".join(f"-{word}" for word in words)
