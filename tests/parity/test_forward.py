"""What both networks compute against the official code, within 1e-5 relative in float32."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch

from hitzoo.sampling.fast import fast_network
from tests.parity.variables import GOLDEN

TOLERANCE = 1e-5


def relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def check_images(images: np.ndarray, golden: Mapping[str, np.ndarray], tolerance: float = TOLERANCE) -> None:
    """[B, R, R, 3] against what is stored of the official ones: all of it, or every eighth pixel and the statistics."""
    if "g_eval_nhwc" in golden:
        assert relative(images, golden["g_eval_nhwc"]) < tolerance
        return
    assert relative(images[:, ::8, ::8], golden["g_eval_nhwc_sub8"]) < tolerance
    assert relative(images.mean(axis=(1, 2)), golden["g_eval_mean"]) < tolerance
    assert relative(images.std(axis=(1, 2)), golden["g_eval_std"]) < tolerance


LARGER = pytest.mark.exhaustive  # of the same blocks, more and wider


@pytest.mark.parametrize("resolution", [128, *(pytest.param(side, marks=LARGER) for side in (256, 1024))])
def test_images_and_logits(official, resolution: int) -> None:
    """As built, then rewritten for sampling; in bfloat16 too, but for the largest."""
    golden = np.load(GOLDEN / f"hit{resolution}_forward.npz")
    generator, discriminator = official(resolution)
    generator.eval().requires_grad_(False)
    z, cpu = torch.from_numpy(golden["z"]), torch.device("cpu")
    shape = (len(z), resolution, resolution, 3)
    given = np.random.default_rng([0, 101]).uniform(-1, 1, shape).astype(np.float32)
    with torch.inference_mode():
        check_images(generator(z).permute(0, 2, 3, 1).numpy(), golden)
        logits = discriminator(torch.from_numpy(given).permute(0, 3, 1, 2)).numpy()
    assert relative(logits, golden["d_logits"].ravel()) < TOLERANCE
    precisions = {"float32": TOLERANCE} if resolution == 1024 else {"float32": TOLERANCE, "bfloat16": 0.03}
    for precision, tolerance in precisions.items():
        network = fast_network(generator, precision=precision, device=cpu, keeps_memory=False)
        with torch.inference_mode():
            check_images(network(z).permute(0, 2, 3, 1).numpy(), golden, tolerance)


@pytest.mark.exhaustive
def test_bfloat16_images_at_1024(official) -> None:
    golden = np.load(GOLDEN / "hit1024_forward.npz")
    generator, _ = official(1024)
    generator.eval().requires_grad_(False)
    network = fast_network(generator, precision="bfloat16", device=torch.device("cpu"), keeps_memory=False)
    with torch.inference_mode():
        check_images(network(torch.from_numpy(golden["z"])).permute(0, 2, 3, 1).numpy(), golden, tolerance=0.03)
