"""THE BLOCKS: one concept per file, independent of families. Every file that registers a block is imported here."""

from hitzoo.layers import (
    conv_stem,
    cross_attention,
    grouped_residual,
    latent,
    logit_head,
    mapping,
    mlp,
    patches,
    position,
    residual_down,
    residual_up,
    rgb,
    scaled_residual,
    self_attention,
    style_conv,
    transformer_block,
    upsample,
)
from hitzoo.layers.registry import BLOCKS, build_block

__all__ = [
    "BLOCKS",
    "build_block",
    "conv_stem",
    "cross_attention",
    "grouped_residual",
    "latent",
    "logit_head",
    "mapping",
    "mlp",
    "patches",
    "position",
    "residual_down",
    "residual_up",
    "rgb",
    "scaled_residual",
    "self_attention",
    "style_conv",
    "transformer_block",
    "upsample",
]
