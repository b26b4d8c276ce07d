"""The weight of R1 or R2 where an author gives none: a rule of thumb by resolution and batch.

Source: Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data" (StyleGAN2-ADA), whose
automatic configuration has γ = 0.0002 · R²/batch, with γ/2 before the penalty as in Mescheder et al. 2018, equation 9.
Ours has no ½, hence weight = γ/2. It was tuned at batches of 8 to 64 on networks with equalized learning rates; HiT's
own runs at batch 256 have γ = 20 whatever it says.
"""

from __future__ import annotations

from typing import Final

_FACTOR: Final = 0.0002


def heuristic_weight(side: int, batch_size: int) -> float:
    """Return the weight for images of `side` pixels and a batch of all processes, to three digits as it is printed."""
    return float(f"{_FACTOR * side**2 / batch_size / 2:.3g}")


def heuristic_in_words(kind: str, side: int, batch_size: int) -> str:
    """Return what was chosen and why, with the numbers that other projects call it by."""
    weight = heuristic_weight(side, batch_size)
    return (
        f"{kind}: no weight is given; {weight:g} by StyleGAN2-ADA's rule of thumb, γ = 0.0002·R²/batch ="
        f" {2 * weight:.3g} for {side}×{side} and batch {batch_size}, of which our weight is half: the gradient has a"
        " part for every pixel, and a smaller batch is noisier. It is a place to begin: give `weight` a number if D"
        " wins or forgets what it learnt"
    )
