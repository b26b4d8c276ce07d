"""Amplification and damping of bands of frequencies: the image-space filtering of ADA.

B images per batch, C channels, R pixels per side. Source: Karras et al. 2020 ("Training Generative Adversarial Networks
with Limited Data"), appendix B; TransGAN has the same filter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch

from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.runtime.transfer import send

_SYM2 = (-0.12940952255092145, 0.22414386804185735, 0.836516303737469, 0.48296291314469025)  # its low-pass filter
_POWER = (10 / 13, 1 / 13, 1 / 13, 1 / 13)  # expected of each band, as natural images have it
_REACH = 21  # taps to each side


@dataclass(frozen=True)
class BandFilter:
    """Change each of four bands by a gain 2^N(0, 1) with this `probability`, at the same expected power.

    Beyond its borders an image goes on mirrored. Transparency is left alone.
    """

    probability: float = 1.0

    def __call__(self, images: torch.Tensor, random: BatchRandom, strength: float = 1.0) -> torch.Tensor:
        """Return the filtered images."""
        gains = self._gains(random, strength).to(images.dtype)
        kernels = gains @ _on(gains.device).to(images.dtype)
        lines = _filter_matrices(kernels, images.shape[-1])[:, None]
        filtered = lines @ images[:, :3] @ lines.transpose(2, 3)
        changed = (gains != 1).any(1)[:, None, None, None]
        filtered = torch.where(changed, filtered, images[:, :3])
        return torch.cat((filtered, images[:, 3:]), dim=1)

    def _gains(self, random: BatchRandom, strength: float) -> torch.Tensor:
        """Draw the gain of every band: [B, 4]."""
        chosen, sizes = random.uniforms(len(_POWER)), random.normal(len(_POWER))
        change = torch.where(chosen < self.probability * strength, sizes.exp2(), torch.ones_like(sizes))
        gains = torch.ones_like(change)
        for band, power in enumerate(_POWER):
            own = change[:, band : band + 1]
            total = (1 + power * (own.square() - 1)).sqrt()  # the others have the gain 1, and all powers add to 1
            gains = gains * torch.cat([own if band == other else torch.ones_like(own) for other in range(4)], 1) / total
        return gains


@cache
def _on(device: torch.device) -> torch.Tensor:
    """Send the kernels of the bands to a device, once."""
    return send(band_kernels(), device)


def band_kernels() -> torch.Tensor:
    """Return the kernels that take an image apart into four bands, lowest first: [4, 43] in float64.

    Together they are 1 at the middle tap and 0 at the others.
    """
    low = torch.tensor(_SYM2, dtype=torch.float64)
    high = low * torch.tensor([1.0, -1.0, 1.0, -1.0], dtype=torch.float64)
    smooth, rough = (_convolved(part[None], part.flip(0))[0] / 2 for part in (low, high))
    bands = torch.zeros(len(_POWER), 1, dtype=torch.float64)
    bands[0, 0] = 1
    for band in range(1, len(_POWER)):
        apart = torch.zeros(len(bands), 2 * bands.shape[1] - 1, dtype=torch.float64)
        apart[:, ::2] = bands
        bands = _convolved(apart, smooth)
        begin = (bands.shape[1] - len(rough)) // 2
        bands[band, begin : begin + len(rough)] += rough
    return bands


def _convolved(rows: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """Convolve every row, in full length: [N, L], [K] -> [N, L + K − 1]."""
    found = torch.nn.functional.conv1d(rows[:, None], kernel.flip(0)[None, None], padding=len(kernel) - 1)
    return found[:, 0]


def _filter_matrices(kernels: torch.Tensor, side: int) -> torch.Tensor:
    """Return what a filter does to a line of pixels that goes on mirrored: [B, 43] -> [B, R, R]."""
    lines = torch.arange(side, device=kernels.device)
    padded = torch.arange(-_REACH, side + _REACH, device=kernels.device)
    tap = padded[None] - lines[:, None] + _REACH  # of pixel `padded` in line `lines`
    inside = (tap >= 0) & (tap < kernels.shape[1])
    spread = kernels[:, tap.clamp(0, kernels.shape[1] - 1)] * inside
    period = max(2 * (side - 1), 1)
    source = padded % period
    source = torch.minimum(source, period - source) if side > 1 else torch.zeros_like(source)
    return spread @ (source[:, None] == lines[None]).to(kernels.dtype)
