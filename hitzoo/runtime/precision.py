"""Precisions: their names, and where a device has no arithmetic for one.

PyTorch writes bfloat16 and float32, most training programs bf16 and fp32; both are taken.
"""

from __future__ import annotations

from collections.abc import Collection

import torch

from hitzoo.errors import ArgumentError

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}  # for generating images
_SPELLINGS = (("float32", "fp32"), ("bfloat16", "bf16"))


def known_precision(text: str, known: Collection[str]) -> str:
    """Return the one of `known` that `text` spells.

    Raises:
        ArgumentError: it spells none of them.
    """
    same = next((words for words in _SPELLINGS if text in words), (text,))
    for name in known:
        if name in same:
            return name
    raise ArgumentError("precision", text, f"not possible here; possible: {', '.join(known)}")


def bfloat16_note(device: torch.device) -> str | None:
    """Return a note where the device has no bfloat16 arithmetic, which torch then emulates by that of float32."""
    if device.type != "cuda":
        return None
    with torch.cuda.device(device):
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return None
    name = torch.cuda.get_device_name(device)
    return f"{name} has no bfloat16 arithmetic; torch emulates it, which is slower than float32"


def training_note(device: torch.device, precision: str) -> str | None:
    """Return what to know of a training step's precision on a device: `float32`, `tf32` or `bf16`; mostly nothing."""
    if precision == "bf16":
        return bfloat16_note(device)
    if precision == "float32" and device.type == "cuda" and _multiplies_in_tf32(device):
        return (
            "float32 is computed exactly; --precision tf32 or bf16 takes the tensor cores: a third of the time and of"
            " the memory for HiT-B on an H100"
        )
    return None


def _multiplies_in_tf32(device: torch.device) -> bool:
    return torch.version.hip is None and torch.cuda.get_device_capability(device) >= (8, 0)
