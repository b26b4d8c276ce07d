"""PSNR and SSIM of pairs, against their formulas written as loops, and distances of features."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hitzoo.evaluation import likeness
from hitzoo.evaluation.likeness import likenesses, psnr, ssim


def pair(side: int = 14) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    real = random.integers(0, 256, (2, side, side, 3), np.uint8)
    noise = random.normal(0, 20, real.shape)
    return real, np.clip(real + noise, 0, 255).astype(np.uint8)


def test_psnr_is_its_formula() -> None:
    real, fake = pair()
    for index, found in enumerate(psnr(real, fake)):
        error = np.mean((real[index].astype(float) - fake[index].astype(float)) ** 2)
        assert found == pytest.approx(20 * np.log10(255) - 10 * np.log10(error))
    assert psnr(real, real).min() > 140
    assert np.isfinite(psnr(real, real)).all()


@pytest.mark.parametrize("side", [14, 7])
def test_ssim_is_its_formula(side) -> None:
    real, fake = pair(side)
    size = min(11, side)
    places = np.arange(size) - (size - 1) / 2
    window = np.exp(-(places[:, None] ** 2 + places[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    for index, found in enumerate(ssim(real, fake)):
        values = []
        for channel in range(3):
            for row in range(side - size + 1):
                for column in range(side - size + 1):
                    x, y = (
                        one[index, row : row + size, column : column + size, channel].astype(float)
                        for one in (real, fake)
                    )
                    mx, my = (window * x).sum(), (window * y).sum()
                    vx, vy = (window * (x - mx) ** 2).sum(), (window * (y - my) ** 2).sum()
                    both = (window * (x - mx) * (y - my)).sum()
                    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
                    values.append((2 * mx * my + c1) * (2 * both + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2)))
        assert found == pytest.approx(np.mean(values), rel=1e-6)
    assert ssim(real, real) == pytest.approx(1)


@pytest.mark.parametrize(("name", "features"), [("lpips", "lpips"), ("efficientnet_distance", "efficientnet")])
def test_distance_compares_pictures_in_the_networks_range(monkeypatch, name, features) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(likeness, "fetch", lambda features, note: fetched.append(features))
    monkeypatch.setattr(likeness, "Perceptual", lambda features: lambda x, y: (x - y).abs().amax(dim=(1, 2, 3)))
    measure = likenesses([name], torch.device("cpu"), lambda note: None)[name]
    real, fake = np.zeros((2, 4, 4, 3), np.uint8), np.zeros((2, 4, 4, 3), np.uint8)
    fake[1, 0, 0, 0] = 255
    assert measure(real, fake) == pytest.approx([0, 2])
    assert fetched == [features]
