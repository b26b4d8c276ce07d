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
