"""Making images: graphs of what is compiled and of bfloat16, and tiles of a kernel."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

import torch

import hitzoo
from hitzoo.fold.triton.mlp import fused_mlp
from hitzoo.fold.triton.support import supports_device
from hitzoo.fold.triton.tiling import Tile
from hitzoo.runtime.cuda_graph import CAPTURED_CALL
from hitzoo.sampling.fast import fast_network
from hitzoo.sampling.replayed import Replayed
from tests.gpu_day.experiments.timing import milliseconds, named, once, relative, tried
from tests.gpu_day.part import Setup

_ROWS = 1 << 20


def graphs(setup: Setup) -> Iterator[dict[str, Any]]:
    """Calls in a row of one shape: the first ones are made kernel by kernel, then captured, then replayed."""
    device = torch.device(setup.device)
    plain = hitzoo.load("hit-ti-shapes32", device="cpu")
    z = torch.randn(8, plain.plan.input_width, generator=torch.Generator().manual_seed(0))
    expected = plain.module(z)
    for precision, compiled in product(("float32", "bfloat16"), (False,) if setup.small else (False, True)):
        row = {"precision": precision, "compiled": compiled}
        yield row | tried(partial(_calls, z.to(device), expected, precision, compiled, device))


def _calls(
    z: torch.Tensor, expected: torch.Tensor, precision: str, compiled: bool, device: torch.device
) -> dict[str, Any]:
    module = hitzoo.load("hit-ti-shapes32", device=device).module
    network = fast_network(module, precision=precision, device=device, compiled=compiled)
    off, times = [], []
    with torch.inference_mode():
        for call in range(CAPTURED_CALL + 2):  # each with other latents: a graph that never reads them is found
            own, wanted = z.roll(call, 0), expected.roll(call, 0)
            times.append(once(lambda z=own, images=wanted: off.append(relative(network(z).cpu(), images)), device))
        steady = milliseconds(lambda: network(z), device, repeats=20)
    if isinstance(network, Replayed) and network._graphs.failure is not None:
        raise RuntimeError(f"no graph was captured: {network._graphs.failure}")
    return {"ms of the first calls": ", ".join(f"{ms:.3g}" for ms in times), "ms of a call": steady, "off by": max(off)}


def tiles(setup: Setup) -> Iterator[dict[str, Any]]:
    """An MLP's kernel by rows of a tile and whether its weights stay in shared memory, against torch's operations."""
    device = torch.device(setup.device)
    if not supports_device(device):
        yield {"note": "No Triton kernels on this device"}
        return
    for channels, dtype in product((32, 64, 128), (torch.bfloat16, torch.float32)):
        x, weights = _mlp(channels, dtype, device)
        about = {"channels": channels, "precision": named(dtype)}
        yield about | {"rows": "chosen"} | tried(lambda x=x, w=weights: _timed(x, w, None, device))
        for rows, kept in product((32, 64, 128), (False, True)):
            tile = Tile(rows=rows, chunk=32, warps=8 if rows > 32 else 4, stages=2, kept=kept, programs=2)
            yield (
                about
                | {"rows": str(rows), "kept": kept}
                | tried(lambda x=x, w=weights, t=tile: _timed(x, w, t, device))
            )


def _mlp(channels: int, dtype: torch.dtype, device: torch.device) -> tuple[torch.Tensor, list[torch.Tensor]]:
    hidden = 4 * channels
    shapes = ((hidden, channels), (hidden,), (channels, hidden), (channels,))
    x = torch.randn(_ROWS, channels, device=device).to(dtype)
    return x, [
        (torch.randn(shape, device=device) / 8).to(dtype if len(shape) == 2 else torch.float32) for shape in shapes
    ]


def _timed(x: torch.Tensor, weights: list[torch.Tensor], tile: Tile | None, device: torch.device) -> dict[str, Any]:
    widen, widen_bias, narrow, narrow_bias = weights
    some = x[:4096].double()
    inner = torch.nn.functional.gelu(some @ widen.double().T + widen_bias.double())
    expected = some + inner @ narrow.double().T + narrow_bias.double()
    off = relative(fused_mlp(x[:4096], widen, widen_bias, narrow, narrow_bias, tile=tile), expected)
    ms = milliseconds(lambda: fused_mlp(x, widen, widen_bias, narrow, narrow_bias, tile=tile), device)
    return {"ms": ms, "off by": off}
