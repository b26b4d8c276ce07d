"""Costs of the blocks of style-based generators."""

from __future__ import annotations

from hitzoo.plan.counting import Cost, Shape, keeps, linear_cost, total


def mapping_network(shape: Shape, latent_dim: int, width: int, layers: int, learning_rate: float) -> Cost:
    """Cost of the layers from latent to style; each keeps its input and what its rectifier is given."""
    widths = [latent_dim] + [width] * layers
    costs = [linear_cost(1, inner, width) + keeps((1, inner), (1, width)) for inner in widths[:layers]]
    return total(costs) + keeps((1, latent_dim + 1))


def modulated_linear(positions: int, inner: int, outer: int, style_dim: int, *, demodulated: bool = True) -> Cost:
    """Cost of a `ModulatedLinear`, which keeps each image's matrices; the map that it takes is a cost of its maker."""
    layers = linear_cost(1, style_dim, inner) + Cost(inner * outer + outer, 2 * positions * inner * outer)
    return layers + keeps((outer, inner), (1, inner), *([(outer, inner + 3)] if demodulated else []))
