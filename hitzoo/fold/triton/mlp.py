"""One MLP in one kernel, its hidden features never written to memory; inference only.

Traffic is one read and one write of the features. For a row of 64 channels and 256 hidden features in bfloat16 an H200
then takes, computed: 60 ps of memory, 83 ps of tensor cores, and 110 ps to issue gelu's instructions, the bound.

N rows, C channels (16, 32, 64 or 128), H hidden features (a multiple of 16), K image channels (1 to 16).
"""

from __future__ import annotations

from functools import partial

import torch

from hitzoo.fold.triton.attempts import Specialization, launch_fitting
from hitzoo.fold.triton.launch import (
    Gelu,
    Precision,
    check,
    on,
    options,
    resolve_gelu,
    resolve_precision,
)
from hitzoo.fold.triton.shared_memory import NARROWEST, mlp_demand
from hitzoo.fold.triton.tile_choice import choose_tile
from hitzoo.fold.triton.tiling import Tile, device_of, programs_per_sample


def fused_mlp(
    x: torch.Tensor,
    widen: torch.Tensor,
    widen_bias: torch.Tensor,
    narrow: torch.Tensor,
    narrow_bias: torch.Tensor,
    *,
    gelu: Gelu = "exact",
    precision: Precision | None = None,
    tile: Tile | None = None,
) -> torch.Tensor:
    """x + narrow·gelu(widen·x + widen_bias) + narrow_bias: [N, C], [H, C], [H], [C, H], [C] -> [N, C].

    Requires `support.supports_mlp`. Matrices have the type of `x`; sums are in float32.

    Raises:
        KernelUnavailable: Triton cannot build it for these sizes. A `tile` that is given raises Triton's own error.
    """
    out = torch.empty_like(x, memory_format=torch.contiguous_format)
    return _run(x, widen, widen_bias, None, narrow, narrow_bias, out, gelu, precision, tile)


def fused_last_mlp(
    x: torch.Tensor,
    widen: torch.Tensor,
    widen_bias: torch.Tensor,
    skip: torch.Tensor,
    narrow: torch.Tensor,
    bias: torch.Tensor,
    *,
    gelu: Gelu = "exact",
    precision: Precision | None = None,
    dtype: torch.dtype = torch.float32,
    tile: Tile | None = None,
) -> torch.Tensor:
    """skip·x + narrow·gelu(widen·x + widen_bias) + bias: [N, C], [H, C], [H], [K, C], [K, H], [K] -> [N, K].

    The last MLP merged with the image head: `narrow` is the head's weight times the MLP's. Else as `fused_mlp`.
    """
    check(x, skip, len(skip), x.shape[1], matrix=True)
    out = x.new_empty(len(x), len(skip), dtype=dtype)
    return _run(x, widen, widen_bias, skip, narrow, bias, out, gelu, precision, tile)


def _run(
    x: torch.Tensor,
    widen: torch.Tensor,
    widen_bias: torch.Tensor,
    skip: torch.Tensor | None,
    narrow: torch.Tensor,
    bias: torch.Tensor,
    out: torch.Tensor,
    gelu: Gelu,
    precision: Precision | None,
    tile: Tile | None,
) -> torch.Tensor:
    (count, channels), hidden, outputs = x.shape, len(widen), out.shape[1]
    x = x.contiguous()
    check(x, widen, hidden, channels, matrix=True)
    check(x, widen_bias, hidden)
    check(x, narrow, outputs, hidden, matrix=True)
    check(x, bias, outputs)
    if count == 0:
        return out
    form, precision = resolve_gelu(gelu, x), resolve_precision(precision)
    launch = partial(_launch, x, (widen, widen_bias, skip, narrow, bias), out, form, precision)
    if tile is not None:
        launch(tile)
        return out
    kernel = Specialization(
        kernel="mlp" if skip is None else "mlp_to_image",
        device=x.device,
        dtype=x.dtype,
        sizes=((channels, "channels"), (hidden, "hidden features"), (outputs, "outputs")),
        forms=(form, precision, str(out.dtype)),
    )
    demand = mlp_demand(x.element_size(), channels, hidden, None if skip is None else outputs)
    launch_fitting(kernel, lambda: choose_tile(demand, device_of(x.device), precision), launch)
    return out


def _launch(
    x: torch.Tensor,
    weights: tuple[torch.Tensor | None, ...],
    out: torch.Tensor,
    gelu: str,
    precision: Precision,
    tile: Tile,
) -> None:
    from hitzoo.fold.triton.device.mlp_kernel import mlp_kernel

    widen = weights[0]
    assert widen is not None
    (count, channels), outputs = x.shape, out.shape[1]
    slots = tile.programs * device_of(x.device).processors
    with on(x):
        mlp_kernel[(programs_per_sample(-(-count // tile.rows), 1, slots),)](
            *(x, *weights, out, count),
            C=channels,
            H=len(widen),
            OUT=outputs,
            OUT_BLOCK=max(NARROWEST, outputs),
            ROWS=tile.rows,
            CHUNK=tile.chunk,
            KEPT=tile.kept,
            GELU=gelu,
            PRECISION=precision,
            **options(tile),
        )
