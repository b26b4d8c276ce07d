"""Attention: to few keys from many rows, beyond what the kernels count, and which kernels are taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch.profiler import ProfilerActivity, profile

import hitzoo
from hitzoo.layers.attend import attend
from hitzoo.sampling.initial import initial_generator
from tests.gpu_day.experiments.timing import milliseconds, named, relative, tried
from tests.gpu_day.part import Setup

_PIECES = 64
_WIDTH, _TOKENS = 16, 16
Attention = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


def _fused(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    return F.scaled_dot_product_attention(q, k, v)


def _split(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """The rows of an image as many short sequences."""
    rows = q.reshape(len(q) * _PIECES, 1, -1, q.shape[-1])
    keys, values = (x.repeat_interleave(_PIECES, 0) for x in (k, v))
    return F.scaled_dot_product_attention(rows, keys, values).view(q.shape)


def _products(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    return torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1) @ v


def _ours(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """What a network does: [N, L, h, d], here as one head."""
    return attend(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)).transpose(1, 2)


WAYS: dict[str, Attention] = {
    "as it is trained": _ours, "fused": _fused, f"{_PIECES} pieces": _split, "products": _products
}  # fmt: skip


def cross_attention(setup: Setup) -> Iterator[dict[str, Any]]:
    """Forward and backward, and the largest difference of a gradient from float64's."""
    device = torch.device(setup.device)
    sizes = [(2, 4096)] if setup.small else [(8, 65_536 * 4), (2, 1_048_576 * 4)]
    for images, rows in sizes:
        random = torch.Generator(device).manual_seed(0)
        q, k, v = (
            torch.randn(images, 1, count, _WIDTH, device=device, generator=random) for count in (rows, _TOKENS, _TOKENS)
        )
        expected = _gradients(_products, *(x.double() for x in (q, k, v)))
        for dtype in (torch.float32, torch.bfloat16):
            given = [x.to(dtype) for x in (q, k, v)]
            for name, way in WAYS.items():
                measured = tried(partial(_measured, way, given, expected, device, 2 if setup.small else 5))
                yield {"images": images, "rows": rows, "precision": named(dtype), "way": name} | measured


def _gradients(way: Attention, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> list[torch.Tensor]:
    given = [x.detach().requires_grad_() for x in (q, k, v)]
    way(*given).square().sum().backward()
    return [x.grad for x in given if x.grad is not None]


def _measured(
    way: Attention, given: list[torch.Tensor], expected: list[torch.Tensor], device: torch.device, repeats: int
) -> dict[str, Any]:
    off = max(map(relative, _gradients(way, *given), expected))
    return {"ms": milliseconds(lambda: _gradients(way, *given), device, repeats=repeats), "off by": off}


def limits(setup: Setup) -> Iterator[dict[str, Any]]:
    """More than 65,535 sequences, and more numbers than 32 bits count; the last may end the process."""
    device = torch.device(setup.device)
    shrunk = 1024 if setup.small else 1
    for dtype in (torch.float32, torch.bfloat16):
        row = {"sequences": 70_000 // shrunk, "rows": 64, "width": 16, "precision": named(dtype)}
        yield row | tried(partial(_finite, row["sequences"], 64, 64, 16, dtype, device))
    for width, images in ((16, 8), (8, 17)):
        row = {"sequences": images, "rows": 4_194_304 // shrunk, "width": width, "precision": "bfloat16"}
        yield row | tried(partial(_finite, images, row["rows"], 16, width, torch.bfloat16, device))


def _finite(count: int, rows: int, keys: int, width: int, dtype: torch.dtype, device: torch.device) -> dict[str, Any]:
    q = torch.randn(count, 1, rows, width, device=device, dtype=dtype)
    k, v = (torch.randn(count, 1, keys, width, device=device, dtype=dtype) for _ in range(2))
    found = _gradients(_fused, q, k, v)
    last = _gradients(_products, *(x[-1:].double() for x in (q, k, v)))
    return {
        "off by, in the last sequence": max(relative(one[-1:], other) for one, other in zip(found, last, strict=True))
    }


def kernels_taken(setup: Setup) -> Iterator[dict[str, Any]]:
    """Names of the kernels of attention in a forward and backward pass of each generator."""
    device = torch.device(setup.device)
    for name in ("hit-ti-shapes32",) if setup.small else ("hit-b-ffhq256", "hit-b-ffhq1024"):
        plan = hitzoo.compile_spec(hitzoo.load_spec(name))
        module = initial_generator(plan, seed=0).to(device)
        z = torch.randn(1, plan.input_width, device=device)
        for precision in ("float32", "bfloat16"):
            yield from _kernels_of(name, module, z, precision)


def _kernels_of(name: str, module: torch.nn.Module, z: torch.Tensor, precision: str) -> Iterator[dict[str, Any]]:
    kind = z.device.type
    activity = ProfilerActivity.CUDA if kind == "cuda" else ProfilerActivity.CPU
    with profile(activities=[activity]) as seen:
        with torch.autocast(kind, torch.bfloat16, enabled=precision == "bfloat16"):
            images = module(z.repeat(2, 1))
        images.float().sum().backward()
    words = ("attention", "fmha", "flash", "softmax", "sdpa")
    for event in seen.key_averages():
        if any(word in event.key.lower() for word in words):
            yield {"network": name, "precision": precision, "kernel": event.key[:90], "calls": event.count}
