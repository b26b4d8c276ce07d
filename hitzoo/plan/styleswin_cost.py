"""Costs of the blocks of style-based transformer generators."""

from __future__ import annotations

from hitzoo.plan.conditioning import CONDITIONING_COSTS
from hitzoo.plan.counting import Cost, Shape, keeps, linear_cost, norm_cost
from hitzoo.plan.head_groups import HeadGroup, axes, bias_rows, from_words, keys_read


def constant_map(shape: Shape, side: int, channels: int) -> Cost:
    """Cost of a learned map, which the first stage keeps for every image."""
    return Cost(side * side * channels) + keeps((side * side, channels))


def style_block(
    shape: Shape, channels: int, side: int, groups: str, style_dim: int, expansion: int, conditioning: str = "adain"
) -> Cost:
    """Cost of a block with head groups and an MLP."""
    rows, hidden = shape.side**2, expansion * channels
    own = from_words(groups)
    width = channels // sum(group.heads for group in own)
    core = sum((group_cost(side, group, width) for group in own), Cost())
    if any(is_read_in_place(group, side) for group in own):
        core += keeps((rows, 3 * channels))  # queries, keys and values of all groups lie in one place
    layers = linear_cost(rows, channels, 3 * channels) + linear_cost(rows, channels, channels)
    mlp = linear_cost(rows, channels, hidden) + linear_cost(rows, hidden, channels)
    port = CONDITIONING_COSTS[conditioning]
    norms = port(rows, channels, style_dim, 3 * channels) + port(rows, channels, style_dim, hidden)
    # what the three layers besides the last take, and what is before and after gelu
    return norms + layers + core + mlp + keeps((rows, 3 * channels), (rows, 2 * hidden))


def group_cost(side: int, group: HeadGroup, width: int, *, shared: bool = False) -> Cost:
    """Cost of q·k and weights·v, and of what they keep: queries, keys and values in tiles, the output, softmax sums.

    With `shared` all heads have one head of keys and values.
    """
    rows, channels = side**2, group.heads * width
    products = 4 * rows * keys_read(group, side) * channels
    learned = bias_rows(group, side) * group.heads if group.bias else 0
    kept = keeps((rows, channels + group.heads))
    if not is_read_in_place(group, side):
        down, across = axes(group, side)
        repeated = down.keys * across.keys * down.dilation * across.dilation
        kept += keeps((rows, channels), (repeated, 2 * (width if shared else channels)))
    return Cost(learned, round(products)) + kept


def is_read_in_place(group: HeadGroup, side: int) -> bool:
    """True if every tile is whole rows, for which nothing has to be moved."""
    _, across = axes(group, side)
    return across.dilation == 1 and across.runs[0].tile == side


def bilinear_upsample(shape: Shape, side: int, in_channels: int, out_channels: int) -> Cost:
    """Cost of the way to the next resolution; `shape` is the map that it makes."""
    rows = shape.side**2
    layer = linear_cost(rows, in_channels, out_channels, bias=False) + Cost(1)
    return norm_cost(rows, in_channels, "layer") + layer + keeps((rows, in_channels))


def skip_to_rgb(shape: Shape, channels: int, image_channels: int) -> Cost:
    """Cost of a part of the image."""
    rows = shape.side**2
    return linear_cost(rows, channels, image_channels) + Cost(image_channels) + keeps((rows, channels))
