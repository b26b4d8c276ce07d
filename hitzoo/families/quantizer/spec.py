"""The sections of quantizers, with every default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class VqSpec:
    """The nearest vector of a learned code book (van den Oord et al. 2017), by default as VQGAN has it.

    `learned_by` is the gradient or a moving average (`ema`) of the vectors that chose a code, of which `decay` is the
    share that stays; the shares of codes are averaged with it in either case. A code whose share is below
    `revive_below`/`codes` is dead, and is revived; 0 lets it lie. `unit_length` is ViT-VQGAN's and LlamaGen's.
    """

    family: Literal["vq"] = "vq"
    codes: int = 1024
    width: int = 256
    learned_by: Literal["gradient", "ema"] = "gradient"
    unit_length: bool = False
    codebook_weight: float = 1.0
    commitment_weight: float = 0.25
    decay: float = 0.99
    revive_below: float = 0.1


@dataclass(frozen=True, kw_only=True)
class SimVqSpec:
    """A random code book behind one learned linear layer (SimVQ, Zhu et al. 2024)."""

    family: Literal["simvq"] = "simvq"
    codes: int = 1024
    width: int = 256
    commitment_weight: float = 0.25


@dataclass(frozen=True, kw_only=True)
class FsqSpec:
    """Finite scalar quantization (Mentzer et al. 2023): levels for each of a few numbers; 1,000 codes by default."""

    family: Literal["fsq"] = "fsq"
    levels: tuple[int, ...] = (8, 5, 5, 5)


@dataclass(frozen=True, kw_only=True)
class LfqSpec:
    """Lookup-free quantization (MAGVIT-2, Yu et al. 2023): the signs of `bits` numbers."""

    family: Literal["lfq"] = "lfq"
    bits: int = 10
    commitment_weight: float = 0.25
    entropy_weight: float = 0.1
    temperature: float = 1.0
