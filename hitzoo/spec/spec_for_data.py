"""A spec written for one set of pictures, each value with the reason for it beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hitzoo.spec.document import plain_scalar

_LATENT = {False: 64, True: 256}
_WIDTHS = {  # of the generator's stages, by resolution; those of the shipped specs of these sizes, and between them
    False: {8: 128, 16: 64, 32: 64, 64: 32, 128: 32, 256: 16},
    True: {8: 256, 16: 256, 32: 128, 64: 64, 128: 32, 256: 32},
}
_WIDEST = {False: 128, True: 256}  # of the discriminator
# In pixels; above it HiT's stages are pixel-wise (paper, section 3.3). A last stage of this size or below attends
# too: without attention it draws edges in steps of 2×2 pixels (docs/ablations.md).
_ATTENTION_UP_TO = 64
_PLAIN = re.compile(r"[\w./ -]*[\w./-]")


@dataclass(frozen=True, kw_only=True)
class Commented:
    """A value, and the comment that stands beside it."""

    value: object
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class SpecChoices:
    """The decisions a spec is written from. `wide` is the layout for a GPU; `source` is left out where None."""

    name: str
    summary: str
    head: Sequence[str]
    wide: bool
    source: str | None
    resolution: Commented
    channels: Commented
    flip: Commented
    r1: Commented
    consistency: Commented | None
    batch_size: Commented
    steps: Commented
    skip: Commented | None
    every: Commented
    samples: int


def spec_text(choice: SpecChoices) -> str:
    """The document; its comments explain each value."""
    side, wide = int(str(choice.resolution.value)), choice.wide
    regularizers = [_line(f"    - {{kind: r1, weight: {choice.r1.value}}}", choice.r1.why)]
    if choice.consistency is not None:
        entry = f"    - {{kind: bcr, weight: {choice.consistency.value}}}"
        regularizers.append(_line(entry, choice.consistency.why))
    lines = [
        *(f"# {line}".rstrip() for line in choice.head),
        "hitzoo: 1",
        f"name: {_word(choice.name)}",
        f"summary: {_word(choice.summary)}",
        "generator:",
        "  family: hit",
        f"  latent_dim: {_LATENT[wide]}",
        _line("  stages:", "the resolution doubles from one stage to the next"),
        *_stages(side, wide),
        f"discriminator: {{family: stylegan2, channels: {_discriminator(side, wide)}, minibatch_std: 4}}",
        "training:",
        "  regularizers:",
        *regularizers,
        f"  optimizer: {{kind: adam, learning_rate: {'2.0e-4' if wide else '4.0e-4'}}}",
        _line("  ema: {decay: 0.998, ramp_up: true}", "ramp_up: early grids follow the network closely"),
        _line(f"  batch_size: {choice.batch_size.value}", choice.batch_size.why),
        _line(f"  steps: {choice.steps.value}", choice.steps.why),
        "data:",
        *([f"  source: {_word(choice.source)}"] if choice.source is not None else []),
        _line(f"  resolution: {side}", choice.resolution.why),
        _line(f"  channels: {choice.channels.value}", choice.channels.why),
        _line(f"  flip: {json.dumps(choice.flip.value)}", choice.flip.why),
        *([_line("  on_error: skip", choice.skip.why)] if choice.skip is not None else []),
        "evaluation:",
        "  metrics: [random_conv_frechet, sliced_wasserstein]",
        f"  samples: {choice.samples}",
        f"  real_samples: {choice.samples}",
        _line(f"  every: {choice.every.value}", choice.every.why),
    ]
    return "\n".join(lines) + "\n"


def _stages(side: int, wide: bool) -> list[str]:
    entries, size = [], 8
    while size <= side:
        channels = _WIDTHS[wide][size]
        attention = "multi_axis, block_size: auto" if size <= _ATTENTION_UP_TO else "none"
        heads = 4 if channels >= 64 else 2
        depth = 2 if wide and size <= 32 else 1
        entry = f"    - {{channels: {channels}, heads: {heads}, depth: {depth}, attention: {attention}}}"
        entries.append((entry, f"{size:3}"))
        size *= 2
    width = max(len(entry) for entry, _ in entries)
    return [_line(entry.ljust(width), why) for entry, why in entries]


def _discriminator(side: int, wide: bool) -> list[int]:
    """Widths from the image's resolution down to 4×4, doubling up to the widest."""
    widths, size, width = [], side, 32 if wide and side < 256 else 16
    while size >= 4:
        widths.append(width)
        size, width = size // 2, min(2 * width, _WIDEST[wide])
    return widths


def _line(text: str, why: str) -> str:
    return f"{text}   # {why}" if why else text


def _word(text: str) -> str:
    """A scalar that reads as this text, whatever is in it."""
    return (
        text if _PLAIN.fullmatch(text) and isinstance(plain_scalar(text), str) else json.dumps(text, ensure_ascii=False)
    )


def storable(path: str) -> bool:
    """True where the name of a place can stand in a document: names that are not UTF-8 cannot."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in path and bool(Path(path).parts or path)
