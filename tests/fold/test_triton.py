"""The kernels without a GPU: run by Triton's interpreter, compiled for Hopper; and the reference they are held to."""

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

from hitzoo.fold.triton import mlp, reference, stage
from hitzoo.fold.triton.launch import resolve_gelu, resolve_precision
from hitzoo.fold.triton.support import interpreting, supports_device
from hitzoo.fold.triton.tiling import Device, choose_tile, programs_per_sample
from hitzoo.layers.upsample import Upsample, nearest
from tests.fold.triton.drawn import Draw, double

KERNEL_TESTS = Path(__file__).parent / "triton"
HOPPER = Device(processors=132, shared=227 * 1024, capability=(9, 0))


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


class Recorded:
    """Stands for a kernel: keeps what it is launched with."""

    def __init__(self) -> None:
        self.arguments: tuple[Any, ...] = ()
        self.options: dict[str, Any] = {}

    def __getitem__(self, grid: tuple[int, ...]) -> Recorded:
        assert len(grid) == 1
        assert 0 < grid[0] < 2**31
        return self

    def __call__(self, *arguments: Any, **options: Any) -> None:
        self.arguments, self.options = arguments, options


def compile_for_hopper(kernel: Any, launched: Recorded) -> Any:
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource, compile

    words = ("num_warps", "num_stages", "enable_fp_fusion")
    options = {word: launched.options.pop(word) for word in words}
    given = dict(zip(kernel.arg_names, launched.arguments, strict=False)) | launched.options
    types = {torch.bfloat16: "*bf16", torch.float32: "*fp32", torch.float16: "*fp16"}
    runtime = {name: types[value.dtype] for name, value in given.items() if isinstance(value, torch.Tensor)}
    runtime |= {name: "i32" for name in ("count", "programs") if name in given}
    constants = {name: value for name, value in given.items() if name not in runtime}
    signature = {name: runtime.get(name, "constexpr") for name in kernel.arg_names}
    aligned = {(i,): [["tt.divisibility", 16]] for i, name in enumerate(kernel.arg_names) if name in runtime}
    source = ASTSource(fn=kernel, signature=signature, constexprs=constants, attrs=aligned)
    return compile(source, target=GPUTarget("cuda", 90, 32), options=options)


@pytest.fixture
def _for_hopper(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("triton")
    if interpreting():
        pytest.skip("the interpreter does not compile")
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    for module in ("tiling", "mlp", "stage"):
        monkeypatch.setattr(f"hitzoo.fold.triton.{module}.device_of", lambda device: HOPPER)


@pytest.mark.usefixtures("_for_hopper")
@pytest.mark.parametrize(
    ("channels", "dtype", "kept"), [(64, torch.bfloat16, True), (128, torch.float16, False), (64, torch.float32, False)]
)
def test_the_mlp_compiles(monkeypatch: pytest.MonkeyPatch, channels: int, dtype: torch.dtype, kept: bool) -> None:
    from hitzoo.fold.triton.device import mlp_kernel

    kernel, launched, draw = mlp_kernel.mlp_kernel, Recorded(), Draw(torch.device("cpu"))
    monkeypatch.setattr(mlp_kernel, "mlp_kernel", launched)
    one = draw.mlps(1, channels, 4 * channels, dtype)
    mlp.fused_mlp(draw(256, channels, dtype=dtype), one.widen[0], one.widen_bias[0], one.narrow[0], one.narrow_bias[0])
    assert launched.options["KEPT"] == kept
    compiled = compile_for_hopper(kernel, launched)
    assert compiled.metadata.shared <= HOPPER.shared
    assert "max.NaN.f32" in compiled.asm["ptx"], "gelu would make a number of what is none"
    assert "erf" not in compiled.asm["ptx"]


@pytest.mark.usefixtures("_for_hopper")
@pytest.mark.parametrize(("channels", "before", "ends"), [(64, 16, True), (32, 8, False)])
def test_the_stage_compiles(monkeypatch: pytest.MonkeyPatch, channels: int, before: int, ends: bool) -> None:
    """The last two of HiT-B at 256 and 1024 pixels in bfloat16, with all their weights in shared memory."""
    from hitzoo.fold.triton.device import stage_kernel

    kernel, launched, draw = stage_kernel.stage_kernel, Recorded(), Draw(torch.device("cpu"))
    monkeypatch.setattr(stage_kernel, "stage_kernel", launched)
    settings: dict[str, Any] = {"before": before, "depth": 2, "hidden": 4 * channels, "heads": 4}
    weights = draw.stage(16, channels, torch.bfloat16, **settings, image=True, ends=ends)
    x, attention = draw(2, 16, 4 * before, dtype=torch.bfloat16), draw.attention(2, channels, 64, torch.bfloat16)
    monkeypatch.setattr(stage, "resolve_gelu", lambda gelu, x: "approximate_by_hardware")
    stage.pixel_stage(x, weights, attention=attention, image_before=draw(2, 16, 3))
    assert launched.options["KEPT"]
    assert compile_for_hopper(kernel, launched).metadata.shared <= HOPPER.shared


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


def test_tiles_fit_what_they_are_for() -> None:
    x = torch.empty(0, 64, dtype=torch.bfloat16)
    assert choose_tile(x, 256, 2 * 64 * 256, "tf32").kept
    assert not choose_tile(x, 256, 200_000, "tf32").kept
    assert choose_tile(x, 48, 0, "tf32").chunk == 16
    assert choose_tile(x.float(), 256, 0, "ieee").rows == 32


@pytest.mark.parametrize("samples", [1, 7, 64, 133, 1000])
@pytest.mark.parametrize("tiles", [1, 3, 512])
def test_programs_share_the_tiles_and_fill_the_device(tiles: int, samples: int) -> None:
    programs = programs_per_sample(tiles, samples, 132)
    assert 1 <= programs <= min(tiles, 132)
    waves = -(-samples * programs // 132)
    if tiles == 512:
        assert samples * programs / (waves * 132) > 0.9  # of the slots are taken


def test_the_cpu_has_no_kernels() -> None:
    assert supports_device(torch.device("cpu")) == interpreting()


def test_precision_follows_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting, expected in [("highest", "tf32x3"), ("high", "tf32"), ("medium", "tf32")]:
        monkeypatch.setattr(torch, "get_float32_matmul_precision", lambda setting=setting: setting)
        assert resolve_precision(None) == expected
        assert resolve_precision("ieee") == "ieee"
    assert resolve_gelu("approximate", torch.empty(1)) == "approximate"
