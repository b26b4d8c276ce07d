"""Costs of the blocks of R3GAN's networks."""

from __future__ import annotations

from hitzoo.plan.counting import Cost, Shape, keeps, linear_cost


def pointwise(shape: Shape, in_channels: int, out_channels: int) -> Cost:
    """Cost of a 1×1 convolution without bias, which keeps its input."""
    rows = shape.side**2
    return linear_cost(rows, in_channels, out_channels, bias=False) + keeps((rows, in_channels))


def grouped_residual(shape: Shape, channels: int, expansion: int, groups: int, blocks: int) -> Cost:
    """Cost of a residual block, which keeps its input, and what every leaky relu is given and gives."""
    rows, inside = shape.side**2, expansion * channels
    grouped = Cost(9 * inside * inside // groups + inside, 2 * rows * 9 * inside * inside // groups)
    ends = linear_cost(rows, channels, inside) + linear_cost(rows, inside, channels, bias=False)
    return ends + grouped + keeps((rows, channels + 4 * inside))


def fir_up(shape: Shape, in_channels: int, out_channels: int) -> Cost:
    """Cost of a transition to `shape`; the filter keeps nothing."""
    before = Shape(side=shape.side // 2)
    conv = pointwise(before, in_channels, out_channels) if in_channels != out_channels else Cost()
    return conv + Cost(0, 2 * 16 * before.side**2 * out_channels)


def fir_down(shape: Shape, in_channels: int, out_channels: int) -> Cost:
    """Cost of a transition from `shape`."""
    after = Shape(side=shape.side // 2)
    conv = pointwise(after, in_channels, out_channels) if in_channels != out_channels else Cost()
    return conv + Cost(0, 2 * 16 * after.side**2 * in_channels)


def gated_basis(shape: Shape, latent_dim: int, side: int, channels: int, classes: int = 0, class_dim: int = 0) -> Cost:
    """Cost of a first map, which keeps its latent and the gates."""
    width = latent_dim + (class_dim if classes else 0)
    layer = linear_cost(1, width, channels, bias=False)
    return layer + Cost(channels * side**2 + class_dim * classes) + keeps((1, width + channels))


def basis_logit(shape: Shape, channels: int, side: int, classes: int = 0) -> Cost:
    """Cost of a discriminator's end, judged without a label; it keeps its map and what its layers are given."""
    sums = Cost(channels * side**2, 2 * channels * side**2) + keeps((side**2, channels), (1, channels))
    if not classes:
        return sums + linear_cost(1, channels, 1, bias=False)
    end = linear_cost(1, channels, channels, bias=False) + Cost(channels * classes, 2 * channels) + keeps((1, channels))
    return sums + end
