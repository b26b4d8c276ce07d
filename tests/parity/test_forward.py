"""What both networks compute against the official code, within 1e-5 relative in float32."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.parity.variables import GOLDEN

TOLERANCE = 1e-5


def relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


@pytest.mark.parametrize("resolution", [128, 256, 1024])
def test_images_and_logits(official, resolution: int) -> None:
    golden = np.load(GOLDEN / f"hit{resolution}_forward.npz")
    generator, discriminator = official(resolution)
    z = torch.from_numpy(golden["z"])
    shape = (len(z), resolution, resolution, 3)
    given = np.random.default_rng([0, 101]).uniform(-1, 1, shape).astype(np.float32)
    with torch.inference_mode():
        images = generator.eval()(z).permute(0, 2, 3, 1).numpy()
        logits = discriminator(torch.from_numpy(given).permute(0, 3, 1, 2)).numpy()
    if resolution == 1024:
        assert relative(images[:, ::8, ::8], golden["g_eval_nhwc_sub8"]) < TOLERANCE
        assert relative(images.mean(axis=(1, 2)), golden["g_eval_mean"]) < TOLERANCE
        assert relative(images.std(axis=(1, 2)), golden["g_eval_std"]) < TOLERANCE
    else:
        assert relative(images, golden["g_eval_nhwc"]) < TOLERANCE
    assert relative(logits, golden["d_logits"].ravel()) < TOLERANCE
