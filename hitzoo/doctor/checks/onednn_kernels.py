"""The kernels of the CPU, which are oneDNN's, each against torch's own operation in float64."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from hitzoo.doctor.check import Measured, NotApplicable
from hitzoo.doctor.checks.specimen import difference, worst
from hitzoo.fold.affine import Affine
from hitzoo.fold.linear import OneDnnLinear, OneDnnPerSampleLinear
from hitzoo.layers import onednn_linear

_LIMITS = {torch.float32: 1e-5, torch.bfloat16: 2e-2}
ROWS, INPUTS, OUTPUTS = 320, 64, 96  # the rows of five tiles of the weight gradient


def linear(dtype: torch.dtype, epilogue: str, sizes: tuple[int, int, int] = (ROWS, INPUTS, OUTPUTS)) -> Measured:
    """Compare a linear layer with its `epilogue`: "none", "gelu", or the "sum" with another map."""
    _require(dtype)
    x, weight, bias, other = _drawn(*sizes, dtype)
    layer = OneDnnLinear(Affine(weight.double(), bias.double()), gelu=epilogue == "gelu", like=x.new_empty(0))
    found = layer(x[None], other[None] if epilogue == "sum" else None)[0]
    expected = F.linear(x.double(), weight.double(), bias.double())
    expected = F.gelu(expected) if epilogue == "gelu" else expected
    return _measured(found, expected + other.double() if epilogue == "sum" else expected, dtype)


def per_sample_linear(dtype: torch.dtype) -> Measured:
    """Compare a linear layer whose weights differ per sample."""
    _require(dtype)
    x, weight, bias, other = _drawn(ROWS, INPUTS, OUTPUTS, dtype)
    maps, weights = x.view(2, -1, INPUTS), torch.stack((weight, -2 * weight))
    add = other.view(2, -1, OUTPUTS)
    with torch.inference_mode():
        found = OneDnnPerSampleLinear()(maps, weights, bias, add)
    expected = maps.double() @ weights.double().mT + bias.double() + add.double()
    return _measured(found, expected, dtype)


def linear_gradients() -> Measured:
    """Compare the gradients of training's linear layer by input, weight and bias."""
    _require(torch.float32)
    x, weight, bias, other = _drawn(ROWS, INPUTS, OUTPUTS, torch.float32)
    ours = [each.clone().requires_grad_() for each in (x, weight, bias)]
    torch.autograd.backward(onednn_linear.onednn_linear(*ours), other)
    theirs = [each.double().requires_grad_() for each in (x, weight, bias)]
    torch.autograd.backward(F.linear(*theirs), other.double())
    pairs = [(mine.grad, its.grad) for mine, its in zip(ours, theirs, strict=True)]
    value = worst(difference(mine, its) for mine, its in pairs if mine is not None and its is not None)
    return Measured(value=value, unit="relative", limit=_LIMITS[torch.float32])


def _require(dtype: torch.dtype) -> None:
    if not onednn_linear.is_here():
        raise NotApplicable("this torch was built without oneDNN")
    if dtype == torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        raise NotApplicable("this processor has no instructions for bfloat16")


def _drawn(rows: int, inputs: int, outputs: int, dtype: torch.dtype) -> tuple[torch.Tensor, ...]:
    """Draw x [rows, inputs], weight [outputs, inputs], bias [outputs], and a map of the output's shape."""
    random = torch.Generator().manual_seed(0)
    shapes = ((rows, inputs), (outputs, inputs), (outputs,), (rows, outputs))
    x, weight, bias, other = (torch.randn(shape, generator=random) for shape in shapes)
    return x.to(dtype), (weight / inputs**0.5).to(dtype), bias.to(dtype), other.to(dtype)


def _measured(found: torch.Tensor, expected: torch.Tensor, dtype: torch.dtype) -> Measured:
    return Measured(value=difference(found, expected), unit="relative", limit=_LIMITS[dtype])
