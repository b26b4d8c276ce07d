"""Convolutions whose second derivative is taken by convolutions of the same kind.

torch takes the second derivative of a convolution by one whose kernel is as large as the map, and for one with groups
channel after channel, wanted or not: on CPUs both took more than a quarter of a tiny network's step. Here the three
products of a convolution, its output, its gradient by the input and that by the kernel, are each other's derivatives.

B images, C channels, r pixels per side.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F

from hitzoo.layers.double_backward import is_by_inputs_alone, is_twice_differentiable
from hitzoo.layers.in_float32 import as_autocast_takes


def convolution(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    padding: int = 0,
    *,
    stride: int = 1,
    groups: int = 1,
) -> torch.Tensor:
    """Convolve with zero padding: [B, C, r, r], [C', C/groups, k, k], [C'] -> [B, C', r', r']."""
    if torch.compiler.is_compiling() or not is_twice_differentiable():
        return F.conv2d(x, weight, bias, stride=stride, padding=padding, groups=groups)
    convolved: torch.Tensor = _Convolution.apply(*as_autocast_takes(x, weight, bias), Form(stride, padding, groups))
    return convolved


class Form(NamedTuple):
    """The numbers of a convolution besides its kernel's size."""

    stride: int
    padding: int
    groups: int


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, form: Form) -> torch.Tensor:
        return F.conv2d(x, weight, bias, form.stride, form.padding, groups=form.groups)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        x, weight, bias, ctx.form = inputs
        ctx.has_bias = bias is not None
        ctx.save_for_backward(x, weight)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        by_x = _ByInput.apply(gradient, weight, x, ctx.form) if ctx.needs_input_grad[0] else None
        if is_by_inputs_alone() or not ctx.needs_input_grad[1]:
            return by_x, None, None, None
        by_weight, by_bias = _ByKernel.apply(gradient, x, weight, ctx.has_bias, ctx.form)
        return by_x, by_weight, by_bias if ctx.has_bias else None, None


class _ByInput(torch.autograd.Function):
    """The gradient by the input, for a gradient by the output and a kernel; of the input it takes the shape."""

    @staticmethod
    def forward(gradient: torch.Tensor, weight: torch.Tensor, x: torch.Tensor, form: Form) -> torch.Tensor:
        return _gradients(gradient, x, weight, form, (True, False, False))[0]

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        gradient, weight, _, ctx.form = inputs
        ctx.save_for_backward(gradient, weight)

    @staticmethod
    def backward(ctx: Any, direction: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        gradient, weight = ctx.saved_tensors
        by_gradient = _Convolution.apply(direction, weight, None, ctx.form) if ctx.needs_input_grad[0] else None
        if is_by_inputs_alone() or not ctx.needs_input_grad[1]:
            return by_gradient, None, None, None
        by_weight, _ = _ByKernel.apply(gradient, direction, weight, False, ctx.form)
        return by_gradient, by_weight, None, None


class _ByKernel(torch.autograd.Function):
    """The gradients by kernel and bias, which no penalty differentiates again."""

    @staticmethod
    def forward(
        gradient: torch.Tensor, x: torch.Tensor, weight: torch.Tensor, bias: bool, form: Form
    ) -> tuple[torch.Tensor, torch.Tensor]:
        _, by_weight, by_bias = _gradients(gradient, x, weight, form, (False, True, bias))
        return by_weight, by_bias if bias else weight.new_empty(0)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        pass


def _gradients(
    gradient: torch.Tensor, x: torch.Tensor, weight: torch.Tensor, form: Form, wanted: tuple[bool, bool, bool]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    found: tuple[torch.Tensor, torch.Tensor, torch.Tensor] = torch.ops.aten.convolution_backward(
        gradient,
        x,
        weight,
        [len(weight)],
        [form.stride] * 2,
        [form.padding] * 2,
        [1, 1],
        False,
        [0, 0],
        form.groups,
        wanted,
    )
    return found
