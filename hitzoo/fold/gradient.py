"""Whether a gradient is wanted: the fused kernels have none, and torch's own operations take their place then."""

from __future__ import annotations

import torch


def needs_gradient(*tensors: torch.Tensor | None) -> bool:
    """Whether what is made of these tensors now is to have a gradient by one of them."""
    return torch.is_grad_enabled() and any(tensor is not None and tensor.requires_grad for tensor in tensors)
