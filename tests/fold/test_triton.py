"""The kernels without a GPU, run by Triton's interpreter, and the reference they are held to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from einops import rearrange

from hitzoo.fold.triton import reference
from hitzoo.fold.triton.launch import resolve_gelu, resolve_precision
from hitzoo.fold.triton.support import interpreting, supports_device
from hitzoo.layers.upsample import Upsample, nearest
from tests.float32_settings import SETTINGS, reset, settings_in_effect
from tests.fold.triton.drawn import Draw, double

KERNEL_TESTS = Path(__file__).parent / "triton"


@pytest.mark.processes
def test_the_kernels_in_the_interpreter() -> None:
    """In a process of its own: Triton decides to interpret when it is imported, and patches its language for good."""
    pytest.importorskip("triton")
    command = [sys.executable, "-m", "pytest", str(KERNEL_TESTS), "-rs", "-p", "no:cacheprovider"]
    environment = os.environ | {"TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "started in the interpreter" not in done.stdout, "it was meant to be"


def test_the_fitted_gelu_is_as_near_as_it_says() -> None:
    for reach, error in [(6, 2.63e-5), (1000, 2.63e-5)]:
        x = torch.linspace(-reach, reach, 1_000_001, dtype=torch.float64)
        furthest = (reference.gelu(x, "approximate") - F.gelu(x)).abs().max()
        assert furthest < error
    assert reference.gelu(torch.tensor([-100.0, 100.0]), "approximate").tolist() == pytest.approx([0, 100], abs=1e-5)


def test_the_rows_of_a_stage_are_the_pixels_of_depth_to_space() -> None:
    """Children stay with their parent: rows (y x dy dx), where the layers of the model have (y dy) (x dx)."""
    draw = Draw(torch.device("cpu"))
    x, upsample = draw(2, 3, 5, 32).double(), Upsample(in_channels=32, out_channels=16).double()
    weights = double(draw.stage(15, 16, torch.float32, before=8, image=True))
    bias = upsample.linear.bias.detach() + weights.position
    weights = type(weights)(
        **(vars(weights) | {"up": upsample.linear.weight.detach(), "position": bias, "mlps": double(none(draw))})
    )
    before = draw(2, 3, 5, 3).double()
    features, image = reference.pixel_stage(x.flatten(1, 2), weights, image_before=before.flatten(1, 2))
    to_map = "b (y x dy dx) c -> b (y dy) (x dx) c"
    sizes = {"y": 3, "x": 5, "dy": 2, "dx": 2}
    table = rearrange(weights.position - upsample.linear.bias, "(y x dy dx) c -> (y dy) (x dx) c", **sizes)
    expected = upsample(x) + table
    torch.testing.assert_close(rearrange(features, to_map, **sizes), expected)
    drawn = F.linear(expected, weights.image.weight, weights.image.bias) + nearest(before)
    torch.testing.assert_close(rearrange(image, to_map, **sizes), drawn)


def none(draw: Draw) -> Any:
    """No MLP."""
    return draw.mlps(0, 16, 32, torch.float32)


def test_the_cpu_has_no_kernels() -> None:
    assert supports_device(torch.device("cpu")) == interpreting()


@pytest.mark.parametrize("changed", SETTINGS)
def test_precision_follows_torch(changed: str) -> None:
    SETTINGS[changed]()
    try:
        expected = "tf32" if settings_in_effect().products == "tf32" else "tf32x3"
        assert resolve_precision(None) == expected
        assert resolve_precision("ieee") == "ieee"
    finally:
        reset()


def test_cheaper_gelu_is_taken_where_it_is_asked_for() -> None:
    assert resolve_gelu("approximate", torch.empty(1)) == "approximate"
