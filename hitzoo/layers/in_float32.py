"""Operations whose backward pass in bfloat16 loses on CPUs, computed in float32 there."""

from __future__ import annotations

from collections.abc import Callable

import torch


def in_float32_on_cpu(operation: Callable[..., torch.Tensor], *inputs: torch.Tensor) -> torch.Tensor:
    """`operation(*inputs)`, in float32 and back where the inputs are narrower and on a CPU; outside autocast then.

    Measured with torch 2.15 (docs/benchmarks.md): a depthwise convolution's backward pass takes 20 times as long in
    bfloat16, attention's 5 times; the conversion is cheap beside either.
    """
    first = inputs[0]
    if first.device.type != "cpu" or first.dtype == torch.float32 or first.dtype == torch.float64:
        return operation(*inputs)
    with torch.autocast("cpu", enabled=False):
        return operation(*(value.float() for value in inputs)).to(first.dtype)
