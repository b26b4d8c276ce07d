"""Small specs that between them have everything a HiT generator can have."""

from __future__ import annotations

from collections.abc import Sequence

from hitzoo.plan.ports import Codes, Port, input_width

FOUR_STAGES = """
hitzoo: 1
name: four
generator:
  family: hit
  latent_dim: 6
  initial_size: 4
  latent_tokens: 2
  norm: batch
  mlp_expansion: 2
  stages:
    - {channels: 16, heads: 4, depth: 2, attention: multi_axis}                         #  4
    - {channels: 8, heads: 2, depth: 1, attention: multi_axis}                          #  8
    - {channels: 8, heads: 2, depth: 1, attention: none}                         # 16
    - {channels: 4, heads: 2, depth: 2, attention: none}                         # 32
discriminator: {family: stylegan2, channels: [4, 4, 4, 6]}
data: {resolution: 32}
"""

VARIANTS: dict[str, tuple[str, ...]] = {
    "as it is": (),
    "every head its own keys": ("generator.heads_share_kv=false",),
    "layer norm": ("generator.norm=layer",),
    "pixel norm": ("generator.norm=pixel",),
    "no latent tokens": ("generator.latent_tokens=0",),
    "axial": ("generator.stages.0.attention=axial", "generator.stages.1.attention=axial"),
    "global": ("generator.stages.0.attention=global", "generator.stages.1.attention=global"),
    "interleaved": ("generator.stages.0.attention=interleaved", "generator.stages.1.attention=regional"),
    "dilated, own keys": ("generator.stages.1.attention=dilated", "generator.heads_share_kv=false"),
    "no attention": ("generator.stages.0.attention=none", "generator.stages.1.attention=none"),
    "attention to the end": (
        "generator.stages.2.attention=multi_axis",
        "generator.stages.3.attention=multi_axis",
        "generator.stages.3.to_rgb=true",
    ),
    "pixels alone before attention": (
        "generator.stages.1.attention=none",
        "generator.stages.2.attention=multi_axis",
    ),
    "an image at every stage": tuple(f"generator.stages.{k}.to_rgb=true" for k in range(3)),
    "an image at the last stage only": ("generator.stages.2.to_rgb=false",),
    "no blocks": ("generator.stages.1.depth=0", "generator.stages.3.depth=0"),
    "widths that need no upsampling layer": ("generator.stages.2.channels=16", "generator.stages.3.channels=4"),
}
"""Name to overrides of `FOUR_STAGES`."""

CODING = (
    "generator.latent_dim=512",  # the default: a decoder has none
    "encoder={family: vq_encoder, channels: [4, 4, 4, 4], groups: 2, depth: 1, attention: [], width: 5}",
    "quantizer={family: vq, codes: 9, width: 3}",
)
DECODERS: dict[str, tuple[str, ...]] = {
    f"codes, {name}": (*CODING, *VARIANTS[name])
    for name in (
        "as it is",
        "layer norm",
        "pixel norm",
        "no latent tokens",
        "global",
        "no attention",
        "every head its own keys",
    )
}
"""The same with a map of codes in the latent's place."""

CONVNET = """
hitzoo: 1
name: convnet
generator: {family: convnet, latent_dim: 6, channels: [12, 8, 6, 4]}
discriminator: {family: stylegan2, channels: [4, 4, 4, 6]}
data: {resolution: 32}
"""


def shape_of_input(ports: Sequence[Port]) -> tuple[int, ...]:
    """Shape of what a generator takes of one image: a row, or a map of codes."""
    match ports:
        case [Codes() as codes]:
            return codes.width, codes.side, codes.side
    return (input_width(ports),)
