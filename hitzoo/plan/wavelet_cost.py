"""Costs of the blocks of the wavelet discriminator."""

from __future__ import annotations

from hitzoo.plan.counting import Cost, Shape, keeps, linear_cost


def wavelet_input(shape: Shape, image_channels: int, channels: int, spectral: bool) -> Cost:
    """Cost of one scale's way in; `shape` is the map that it is added to."""
    rows = shape.side**2
    return linear_cost(rows, 4 * image_channels, channels) + keeps((rows, 4 * image_channels + channels))


def conv_down(shape: Shape, in_channels: int, out_channels: int, spectral: bool) -> Cost:
    """Cost of two convolutions with a blur between; `shape` is where the block starts from."""
    rows, blurred, halved = shape.side**2, (shape.side + 1) ** 2, (shape.side // 2) ** 2
    convs = linear_cost(rows, 9 * in_channels, in_channels) + linear_cost(halved, 9 * in_channels, out_channels)
    blur = Cost(0, 2 * 16 * blurred * in_channels)
    kept = keeps((rows, 2 * in_channels), (blurred, in_channels), (halved, out_channels))
    return convs + blur + kept


def wavelet_head(shape: Shape, channels: int, side: int, minibatch_std: int, spectral: bool) -> Cost:
    """Cost of the discriminator's end."""
    pixels, inner = side * side, channels + (1 if minibatch_std else 0)
    layers = linear_cost(pixels, 9 * inner, channels) + linear_cost(1, pixels * channels, channels)
    layers += linear_cost(1, channels, 1) + Cost(channels if spectral else 0)
    kept = keeps((pixels, inner + 2 * channels), (1, 2 * channels))
    if minibatch_std:  # the map itself, and one deviation a group
        kept += keeps((pixels, channels + channels / minibatch_std))
    return layers + kept
