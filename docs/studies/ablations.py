"""The ablations of the HiT paper at small scale: what each variant writes into a spec.

The base is hit-ti-fashion32 by the paper's recipe without bCR: cross-attention and multi-axis attention with balanced
blocks in every stage (8, 16 and 32 pixels), batch norm.
"""

from __future__ import annotations

import recipes

_LAYOUT = ((128, 4, 1), (64, 4, 2), (32, 2, 2))  # channels, heads and depth of the stages at 8, 16 and 32 pixels
_CONVNET = "{family: convnet, latent_dim: 64, initial_size: 4, channels: [192, 192, 96, 48]}"  # as large as HiT
HALF_LIFE = 2000  # of the averaged weights, in images
_EMA = f"{{half_life: {HALF_LIFE}, ramp: 0.05, start_step: 0}}"  # layer norm keeps no statistics of batches


def stages(kind: str = "multi_axis", *, attending: int = 3, block: str = "auto") -> str:
    """Write the stages with self-attention of one kind in the first `attending` of them."""
    written = []
    for number, (channels, heads, depth) in enumerate(_LAYOUT):
        attends = number < attending
        words = f"channels: {channels}, heads: {heads}, depth: {depth}, attention: {kind if attends else 'none'}"
        blocks = attends and kind in ("multi_axis", "regional", "dilated", "interleaved")
        written.append(f"{{{words}{f', block_size: {block}' if blocks else ''}}}")
    return f"[{', '.join(written)}]"


def ablations(images: int) -> dict[str, dict[str, str]]:
    """Return what every variant writes into the spec, by its name; `images` is the same for all."""
    base = recipes.official(weight=0.1)
    with_bcr = recipes.with_bcr(weight=0.1)
    of_stages = {
        "regional": stages("regional"),
        "interleaved": stages("interleaved"),
        "axial": stages("axial"),
        "unbalanced": stages(block="8"),
        "attention [0, 3]": stages(attending=0),
        "attention [1, 2]": stages(attending=1),
        "attention [2, 1]": stages(attending=2),
    }
    return {
        "HiT": base,
        "no cross-attention": base | {"generator.latent_tokens": "0"},
        **{name: base | {"generator.stages": written} for name, written in of_stages.items()},
        "layer norm": base | {"generator.norm": "layer", "training.ema": _EMA},
        "HiT + bCR": with_bcr,
        "ConvNet": base | {"generator": _CONVNET},
        "ConvNet + bCR": with_bcr | {"generator": _CONVNET},
    }
