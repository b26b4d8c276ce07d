"""Costs of the blocks of style-based generators."""

from __future__ import annotations

from hitzoo.plan.counting import Cost, Shape, keeps, linear_cost, total


def mapping_network(
    shape: Shape, latent_dim: int, width: int, layers: int, learning_rate: float, mixing: float = 0.0
) -> Cost:
    """Cost of the layers from latent to style; each keeps its input and what its rectifier is given, and others w."""
    widths = [latent_dim] + [width] * layers
    costs = [linear_cost(1, inner, width) + keeps((1, inner), (1, width)) for inner in widths[:layers]]
    one = total(costs) + keeps((1, width))
    return one if not mixing else one + Cost(activations=one.activations)  # a second latent, in training alone


def modulated_linear(positions: int, inner: int, outer: int, style_dim: int, *, demodulated: bool = True) -> Cost:
    """Cost of a `ModulatedLinear`, which keeps each image's matrices; the map that it takes is a cost of its maker."""
    layers = linear_cost(1, style_dim, inner) + Cost(inner * outer + outer, 2 * positions * inner * outer)
    return layers + keeps((outer, inner), (1, inner), *([(outer, inner + 2)] if demodulated else []))


def learned_map(shape: Shape, side: int, channels: int) -> Cost:
    """Cost of a first map that is learned, which keeps nothing."""
    return Cost(channels * side**2)


def style_conv(
    shape: Shape,
    in_channels: int,
    out_channels: int,
    style_dim: int,
    side: int,
    noise: str,
    number: int,
    up: bool = False,
) -> Cost:
    """Cost of a modulated convolution; `shape` is where it ends. Its input is kept once, by whoever is given it first.

    Kept are the input, the same scaled, the product before demodulation and what the rectifier is given.
    """
    rows, before = side**2, (side // 2 if up else side) ** 2
    conv = linear_cost(before if up else rows, 9 * in_channels, out_channels, bias=False)
    blur = Cost(0, 2 * 16 * rows * out_channels if up else 0)
    strength = Cost(0 if noise == "none" else 1)
    kept = keeps((before, in_channels * (1 if up or not number else 2)), (rows, 2 * out_channels))
    drawn = keeps((rows, 1)) if noise == "random" else Cost()
    return (
        _modulation(in_channels, out_channels, style_dim) + conv + blur + Cost(out_channels) + strength + kept + drawn
    )


def style_rgb(shape: Shape, channels: int, image_channels: int, style_dim: int, skip: bool) -> Cost:
    """Cost of the image's layer, which keeps its map as it is and scaled."""
    rows = shape.side**2
    conv = linear_cost(rows, channels, image_channels)
    upsampled = Cost(0, 2 * 16 * rows // 4 * image_channels if skip else 0)
    return linear_cost(1, style_dim, channels) + conv + upsampled + keeps((rows, 2 * channels), (1, channels))


def _modulation(inner: int, outer: int, style_dim: int) -> Cost:
    """Cost of a style's scales, kept with their squares, and of the kernel's norms, kept as reciprocals."""
    scales = linear_cost(1, style_dim, inner) + keeps((1, 2 * inner))
    return scales + Cost(0, 2 * inner * outer) + keeps((1, outer))


def scaled_stem(shape: Shape, in_channels: int, out_channels: int) -> Cost:
    """Cost of the discriminator's first layer, which keeps the image and what its rectifier is given."""
    rows = shape.side**2
    return linear_cost(rows, in_channels, out_channels) + keeps((rows, in_channels), (rows, out_channels))


def scaled_down(shape: Shape, in_channels: int, out_channels: int) -> Cost:
    """Cost of a residual block from `shape` to half of it; a blur keeps nothing, what is blurred is kept after it."""
    rows, halved, blurred = shape.side**2, (shape.side // 2) ** 2, (shape.side + 1) ** 2
    main = linear_cost(rows, 9 * in_channels, in_channels) + linear_cost(halved, 9 * in_channels, out_channels)
    skip = linear_cost(halved, in_channels, out_channels, bias=False)
    blurs = Cost(0, 2 * 16 * (blurred + halved) * in_channels)
    kept = keeps((rows, 2 * in_channels), (blurred, in_channels), (halved, in_channels + out_channels))
    return main + skip + blurs + kept


def scaled_logit(shape: Shape, channels: int, side: int, minibatch_std: int) -> Cost:
    """Cost of the discriminator's end, which keeps what it is given and what its rectifiers are given."""
    pixels, inner = side * side, channels + (1 if minibatch_std else 0)
    hidden = linear_cost(1, pixels * channels, channels) + linear_cost(1, channels, 1)
    kept = keeps((pixels, inner + 2 * channels), (1, 2 * channels))
    if minibatch_std:  # the map itself, and one deviation a group
        kept += keeps((pixels, channels + channels / minibatch_std))
    return linear_cost(pixels, 9 * inner, channels) + hidden + kept
