"""Operations that are computed in float32 where autocast would have them narrower."""

from __future__ import annotations

from collections.abc import Callable

import torch


def in_float32_on_cpu(operation: Callable[..., torch.Tensor], *inputs: torch.Tensor) -> torch.Tensor:
    """Compute `operation(*inputs)`; on a CPU narrower inputs go through float32, outside autocast.

    Measured with torch 2.15 (docs/benchmarks.md): attention's backward pass takes 5 times as long in bfloat16; the
    conversion is cheap beside it.
    """
    first = inputs[0]
    if first.device.type != "cpu" or first.dtype == torch.float32 or first.dtype == torch.float64:
        return operation(*inputs)
    with torch.autocast("cpu", enabled=False):
        return operation(*(value.float() for value in inputs)).to(first.dtype)


def at_least_float32(x: torch.Tensor) -> torch.Tensor:
    """Cast a result of autocast to float32; float64 stays as it is."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def outside_autocast(operation: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Compute `operation(x)` in float32 at least, with autocast disabled."""
    if x.device.type == "meta":  # it has no autocast
        return operation(x)
    with torch.autocast(x.device.type, enabled=False):
        return operation(at_least_float32(x))


def as_autocast_takes(*inputs: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
    """Cast a product's inputs as autocast would, for operations it does not know; float64 stays as it is."""
    device = next(value.device.type for value in inputs if value is not None)
    if device == "meta" or not torch.is_autocast_enabled(device):  # it has no autocast
        return inputs
    narrow = torch.get_autocast_dtype(device)
    return tuple(value if value is None or value.dtype == torch.float64 else value.to(narrow) for value in inputs)
