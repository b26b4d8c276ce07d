"""Parameters, FLOPs and activations of every block, by arithmetic alone.

FLOPs are 2 × multiply-accumulates of the matrix products and convolutions of one image's forward pass; norms,
activations, softmax and pooling are not counted. Activations are the numbers a block keeps for the backward pass of one
image, each where it is first kept. Tests hold all three against the built modules and torch's own counter and hooks.
"""

from __future__ import annotations

from collections.abc import Callable

from hitzoo.plan.code_cost import CODE_COSTS
from hitzoo.plan.counting import Cost, Shape, keeps, linear_cost, mlp_cost, norm_cost, total
from hitzoo.plan.grouped_cost import (
    basis_logit,
    fir_down,
    fir_up,
    gated_basis,
    grouped_residual,
    pointwise,
)
from hitzoo.plan.head_groups import from_words
from hitzoo.plan.style_cost import (
    learned_map,
    mapping_network,
    scaled_down,
    scaled_logit,
    scaled_stem,
    style_conv,
    style_rgb,
)
from hitzoo.plan.styleswin_cost import (
    bilinear_upsample,
    constant_map,
    group_cost,
    is_read_in_place,
    skip_to_rgb,
    style_block,
)
from hitzoo.plan.transformer_cost import patch_embedding, token_head, transformer
from hitzoo.plan.types import BlockPlan
from hitzoo.plan.wavelet_cost import conv_down, wavelet_head, wavelet_input

__all__ = ["COSTS", "KEYS", "Cost", "Shape", "cost", "total"]


def cost(plan: BlockPlan, shape: Shape) -> Cost:
    """Compute the cost of one block at one map size."""
    rule = COSTS[plan.kind]
    return rule(shape, **plan.kwargs)


def _projections(
    shape: Shape, channels: int, heads: int, share_kv: bool, norm: str, sources: int, source_channels: int
) -> Cost:
    """Cost of the norm, query and output over the map, and of key and value over what is attended to."""
    rows, narrow = shape.side**2, channels // heads if share_kv else channels
    over_map = linear_cost(rows, channels, channels)
    over_sources = linear_cost(sources, source_channels, narrow)
    layers = over_map + over_map + over_sources + over_sources
    return norm_cost(rows, channels, norm) + layers + keeps((rows, channels), (rows, heads))  # the heads' softmax sums


def _cross_attention(
    shape: Shape, channels: int, heads: int, share_kv: bool, token_channels: int, norm: str, expansion: int
) -> Cost:
    rows, narrow = shape.side**2, channels // heads if share_kv else channels
    core = Cost(0, 4 * rows * shape.tokens * channels)  # q·k and weights·v
    kept = keeps((rows, (2 if share_kv else 3) * channels), (shape.tokens, 2 * narrow))
    around = _projections(shape, channels, heads, share_kv, norm, shape.tokens, token_channels)
    return around + core + kept + mlp_cost(shape, channels, norm, expansion)


KEYS: dict[str, Callable[[Shape], float]] = {
    "multi_axis_block": lambda shape: (shape.block**2 + shape.grid**2) / 2,
    "regional_block": lambda shape: shape.block**2,
    "dilated_block": lambda shape: shape.grid**2,
    "axial_block": lambda shape: shape.side,
    "global_block": lambda shape: shape.side**2,
}
"""Positions that a head of each self-attention block sees, on the average of its heads."""


def _self_attention(kind: str, copies: tuple[float, float, float]) -> Callable[..., Cost]:
    """The cost of a block by its kind.

    `copies` counts the maps attention keeps: of queries and outputs, of shared keys and values, and in all when every
    head has its own, in units of the map's width: moving an axis to where the kernel needs it makes a copy.
    """
    keys = KEYS[kind]
    of_map, of_shared, of_all = copies

    def rule(shape: Shape, channels: int, heads: int, share_kv: bool, norm: str, expansion: int) -> Cost:
        rows, narrow = shape.side**2, channels // heads
        core = Cost(0, round(4 * rows * keys(shape) * channels))  # q·k and weights·v
        width = of_map * channels + of_shared * narrow if share_kv else of_all * channels
        around = _projections(shape, channels, heads, share_kv, norm, rows, channels)
        return around + core + keeps((rows, width)) + mlp_cost(shape, channels, norm, expansion)

    return rule


def _initial_map(shape: Shape, latent_dim: int, side: int, channels: int, glorot: bool = False) -> Cost:
    return linear_cost(1, latent_dim, side * side * channels) + keeps((1, latent_dim))


def _latent_tokens(shape: Shape, latent_dim: int, side: int, channels: int, norm: str) -> Cost:
    tokens = side * side
    layer = linear_cost(1, latent_dim, tokens * channels) + Cost(tokens * channels)
    return layer + norm_cost(tokens, channels, norm) + keeps((tokens, channels))  # what every stage's keys are made of


def _position(shape: Shape, side: int, channels: int) -> Cost:
    return Cost(side * side * channels)


def _upsample(shape: Shape, in_channels: int, out_channels: int) -> Cost:
    rows, dealt = shape.side**2, in_channels // 4
    return Cost() if dealt == out_channels else linear_cost(rows, dealt, out_channels) + keeps((rows, dealt))


def _to_rgb(shape: Shape, channels: int, image_channels: int, norm: str) -> Cost:
    rows = shape.side**2
    return norm_cost(rows, channels, norm) + linear_cost(rows, channels, image_channels) + keeps((rows, channels))


def _residual_up(shape: Shape, in_channels: int, out_channels: int) -> Cost:
    """`shape` is where the block ends, at twice the resolution it begins with, where the skip is computed."""
    full, before = shape.side**2, (shape.side // 2) ** 2
    main = linear_cost(full, 9 * in_channels, out_channels) + linear_cost(full, 9 * out_channels, out_channels)
    norms = norm_cost(before, in_channels, "batch") + norm_cost(full, out_channels, "batch")
    kept = keeps((before, in_channels), (full, in_channels), (full, out_channels))
    return norms + main + linear_cost(before, in_channels, out_channels) + kept


def _image_head(shape: Shape, channels: int, image_channels: int) -> Cost:
    rows = shape.side**2
    conv = linear_cost(rows, 9 * channels, image_channels)
    return norm_cost(rows, channels, "batch") + conv + keeps((rows, channels), (rows, image_channels))


def _conv_stem(shape: Shape, in_channels: int, out_channels: int, equalized: bool) -> Cost:
    rows = shape.side**2
    return linear_cost(rows, 9 * in_channels, out_channels) + keeps((rows, in_channels), (rows, out_channels))


def _residual_down(shape: Shape, in_channels: int, out_channels: int, downsample: str, equalized: bool) -> Cost:
    full, halved = shape.side**2, (shape.side // 2) ** 2
    main = linear_cost(full, 9 * in_channels, in_channels) + linear_cost(halved, 9 * in_channels, out_channels)
    blurs = Cost(0, 2 * 2 * 16 * halved * in_channels if downsample == "blur" else 0)
    inputs = 2 if downsample == "blur" else 3  # a blur's gradient does not depend on what was blurred
    kept = keeps((full, inputs * in_channels), (halved, 2 * in_channels + out_channels))
    return main + linear_cost(halved, in_channels, out_channels, bias=False) + blurs + kept


def _logit_head(shape: Shape, channels: int, side: int, minibatch_std: int, equalized: bool, san: bool = False) -> Cost:
    pixels, inner = side * side, channels + (1 if minibatch_std else 0)
    layers = (
        linear_cost(pixels, 9 * inner, channels)
        + linear_cost(1, pixels * channels, channels)
        + linear_cost(1, channels, 1)
    )
    kept = keeps((pixels, inner + 2 * channels), (1, 2 * channels))
    if san:  # a bias for each feature
        kept += Cost(channels) + keeps((1, channels))
    if minibatch_std:  # the map itself, and one deviation a group
        kept += keeps((pixels, channels + channels / minibatch_std))
    return layers + kept


def _head_groups(
    shape: Shape, channels: int, heads: int, share_kv: bool, norm: str, expansion: int, side: int, groups: str
) -> Cost:
    """Cost of a block with head groups; what they keep is counted as where every group copies its tiles."""
    rows, width = shape.side**2, channels // heads
    own = from_words(groups)
    core = total(group_cost(side, group, width, shared=share_kv) for group in own)
    around = _projections(shape, channels, heads, share_kv, norm, rows, channels)
    kept = keeps((rows, channels))  # what the output takes
    if any(is_read_in_place(group, side) for group in own):
        kept += keeps((rows, channels + 2 * (width if share_kv else channels)))
    return around + core + kept + keeps((rows, -heads)) + mlp_cost(shape, channels, norm, expansion)


COSTS: dict[str, Callable[..., Cost]] = {
    "initial_map": _initial_map,
    "latent_tokens": _latent_tokens,
    "position_embedding": _position,
    "upsample": _upsample,
    "cross_attention_block": _cross_attention,
    "multi_axis_block": _self_attention("multi_axis_block", (3, 4, 6.5)),
    "regional_block": _self_attention("regional_block", (2, 2, 5)),
    "dilated_block": _self_attention("dilated_block", (3, 2, 5)),
    "axial_block": _self_attention("axial_block", (3, 4, 6.5)),
    "global_block": _self_attention("global_block", (2, 2, 5)),
    "head_groups_block": _head_groups,
    "mlp_block": mlp_cost,
    "to_rgb": _to_rgb,
    "residual_up": _residual_up,
    "image_head": _image_head,
    "conv_stem": _conv_stem,
    "residual_down": _residual_down,
    "logit_head": _logit_head,
    "transformer_block": transformer,
    "patch_embedding": patch_embedding,
    "token_head": token_head,
    "mapping_network": mapping_network,
    "learned_map": learned_map,
    "style_conv": style_conv,
    "style_rgb": style_rgb,
    "scaled_stem": scaled_stem,
    "scaled_down": scaled_down,
    "scaled_logit": scaled_logit,
    "pointwise": pointwise,
    "grouped_residual": grouped_residual,
    "fir_up": fir_up,
    "fir_down": fir_down,
    "gated_basis": gated_basis,
    "basis_logit": basis_logit,
    "constant_map": constant_map,
    "style_block": style_block,
    "bilinear_upsample": bilinear_upsample,
    "skip_to_rgb": skip_to_rgb,
    "wavelet_input": wavelet_input,
    "conv_down": conv_down,
    "wavelet_head": wavelet_head,
    **CODE_COSTS,
}
