"""Copies to a device for which nothing waits: a CUDA device fetches from page-locked memory by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

_ALIGNMENT = 16  # bytes; a view of another dtype begins at a multiple of its size


def send(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Return the tensor on `device`; on the CPU it is the tensor itself.

    From other memory the copy is waited for: MPS would still read it when its tensor is gone and its place reused.
    """
    pinned = is_pinned_for(device)
    return (tensor.pin_memory() if pinned else tensor).to(device, non_blocking=pinned)


def send_together(tensors: Sequence[torch.Tensor], device: torch.device) -> list[torch.Tensor]:
    """Return tensors of any shapes and dtypes on `device`, by one copy; on the CPU they are the tensors themselves."""
    if device.type == "cpu" or not tensors:
        return list(tensors)
    sizes = [math.ceil(tensor.nbytes / _ALIGNMENT) * _ALIGNMENT for tensor in tensors]
    whole = torch.empty(sum(sizes), dtype=torch.uint8)
    for tensor, part in zip(tensors, whole.split(sizes), strict=True):
        _as(tensor, part).copy_(tensor)
    parts = send(whole, device).split(sizes)
    return [_as(tensor, part) for tensor, part in zip(tensors, parts, strict=True)]


def is_pinned_for(device: torch.device) -> bool:
    """True if copies to `device` go through page-locked memory."""
    return device.type == "cuda"


def _as(like: torch.Tensor, part: torch.Tensor) -> torch.Tensor:
    """View the first bytes of `part` as a tensor of another's dtype and shape."""
    return part[: like.nbytes].view(like.dtype).view(like.shape)
