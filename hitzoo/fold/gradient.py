"""Detection of autograd: fused kernels have no gradient, so torch's own operations run where one is needed."""

from __future__ import annotations

import torch


def needs_gradient(*tensors: torch.Tensor | None) -> bool:
    """True if autograd would record an operation on these tensors."""
    return torch.is_grad_enabled() and any(tensor is not None and tensor.requires_grad for tensor in tensors)
