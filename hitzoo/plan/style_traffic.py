"""Numbers that blocks of style-based generators move through memory, by the byte models of `hitzoo.plan.traffic`.

Weights and biases with a factor are the same for a batch: they are in what is read once for it.
"""

from __future__ import annotations

from hitzoo.plan.moved import Moved, linear, pointwise


def mapping_network(latent_dim: int, width: int, layers: int) -> Moved:
    """Traffic of the pixel norm, of each layer's product, rectifier and gain, and of the truncation."""
    moved = Moved(eager=5 * latent_dim + 6)
    for inner in ([latent_dim] + [width] * layers)[:layers]:
        moved += linear(inner, width) + pointwise(width) + pointwise(width)
    return moved + pointwise(width)


def modulated_linear(
    positions: int, inner: int, outer: int, style_dim: int, *, demodulated: bool = True, shared: bool = False
) -> Moved:
    """Traffic of a `ModulatedLinear`: its matrix is made for each image. A `shared` map is the batch's own input."""
    size = inner * outer
    matrix = linear(style_dim, inner) + pointwise(inner) + linear(inner, size)
    norms = Moved(eager=5 * size + 8 * outer if demodulated else 0)
    return matrix + norms + linear(size + (0 if shared else positions * inner), positions * outer)


def factorized_linear(
    positions: int, inner: int, outer: int, style_dim: int, rank: int, *, shared: bool = False
) -> Moved:
    """Traffic of a `FactorizedLinear`, likewise."""
    size, factors = inner * outer, (inner + outer) * rank
    matrix = linear(style_dim, factors) + linear(factors, size) + Moved(eager=9 * size + 8 * outer)
    return matrix + linear(size + (0 if shared else positions * inner), positions * outer)
