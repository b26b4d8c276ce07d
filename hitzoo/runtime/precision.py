"""Names of precisions: PyTorch writes bfloat16 and float32, most training programs bf16 and fp32; both are taken."""

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
