"""Kernels that Triton cannot build, or not with the chosen tile: what is tried instead, remembered and said."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from hitzoo.families.fold import fold
from hitzoo.fold.kernels import plain_kernels
from hitzoo.fold.triton import attempts, disabled
from hitzoo.fold.triton.attempts import KernelUnavailable, Specialization, launch_fitting, run_or_none
from hitzoo.fold.triton.tiling import Tile, smaller
from tests.fold.triton.test_optimized_network import generator

TILE = Tile(rows=128, chunk=64, warps=8, stages=2, kept=True, programs=2)
MLP = Specialization(
    kernel="mlp",
    device=torch.device("cpu"),
    dtype=torch.bfloat16,
    sizes=((64, "channels"), (256, "hidden features")),
    forms=("exact", "tf32x3"),
)
WIDER = replace(MLP, sizes=((128, "channels"), (256, "hidden features")))
NO_COMPILER = "Failed to find C compiler.\nPlease specify one"
RAISING = """
class OutOfResources(Exception):
    pass

class CompilationError(Exception):
    pass

def launch(error, text):
    raise (globals().get(error) or __builtins__[error])(text)
"""


@pytest.fixture(autouse=True)
def _new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_tiles", {})
    monkeypatch.setattr(attempts, "_broken", set())
    monkeypatch.setattr(disabled, "_off", {})


def raised_in(module: str, error: str, text: str) -> Callable[..., Any]:
    """A function of a module of that name which raises the error."""
    place: dict[str, Any] = {"__name__": module}
    exec(RAISING, place)
    return lambda *given, **options: place["launch"](error, text)


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def attempt(kernel: Specialization, launch: Callable[[Tile], None]) -> bool:
    return run_or_none(lambda: launch_fitting(kernel, lambda: TILE, launch) or True) is True


def test_smaller_tiles_are_tried_until_one_fits_and_that_is_remembered(caplog: pytest.LogCaptureFixture) -> None:
    tried: list[Tile] = []
    too_large = raised_in("triton.compiler.compiler", "OutOfResources", "out of resource: shared memory")

    def launch(tile: Tile) -> None:
        tried.append(tile)
        if tile.rows > 64:
            too_large()

    assert attempt(MLP, launch)
    assert tried == [TILE, *(replace(TILE, kept=False, rows=r, chunk=c) for r, c in [(128, 64), (128, 32), (64, 32)])]
    assert attempt(MLP, launch)
    assert len(tried) == 5
    assert tried[4] == tried[3]
    assert messages(caplog) == []


def test_every_tile_has_a_smaller_one_down_to_the_smallest() -> None:
    steps, tile = [], TILE
    while (less := smaller(tile)) is not None:
        steps.append((less.kept, less.rows, less.chunk))
        tile = less
    assert steps == [(False, 128, 64), (False, 128, 32), (False, 64, 32), (False, 32, 32), (False, 32, 16)]


def test_failed_kernel_costs_no_other_size_and_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    too_large = raised_in("triton.compiler.compiler", "OutOfResources", "out of resource: tensor memory")
    for _ in range(2):
        assert not attempt(WIDER, too_large)
        assert attempt(MLP, lambda tile: None)
    assert messages(caplog) == [
        "Triton cannot build the kernel mlp of 128 channels, 256 hidden features in bfloat16 (out of resource: tensor "
        "memory); torch's own operations take its place"
    ]


def test_error_of_the_compiler_is_not_tried_with_smaller_tiles() -> None:
    tried: list[Tile] = []
    broken = raised_in("triton.compiler.code_generator", "CompilationError", "at 60:16: no attribute")
    assert not attempt(MLP, lambda tile: tried.append(tile) or broken())
    assert tried == [TILE]
    with pytest.raises(KernelUnavailable):
        launch_fitting(MLP, lambda: TILE, lambda tile: None)


@pytest.mark.parametrize(
    ("module", "error", "text"),
    [
        ("triton.runtime.build", "RuntimeError", NO_COMPILER),
        ("triton.runtime.driver", "RuntimeError", "0 active drivers ([]). There should only be one."),
        ("triton.runtime.cache", "PermissionError", "[Errno 13] Permission denied: '/.triton'"),
    ],
)
def test_machine_that_can_build_none_is_asked_once(
    module: str, error: str, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert not attempt(MLP, raised_in(module, error, text))
    assert not attempt(WIDER, lambda tile: None)
    assert messages(caplog) == [
        f"Triton cannot build its kernels here ({text.splitlines()[0]}); torch's own operations take their place"
    ]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (torch.OutOfMemoryError, "CUDA out of memory. Tried to allocate 2.00 GiB"),
        (RuntimeError, "Triton Error [CUDA]: out of memory"),
        (RuntimeError, "Triton Error [CUDA]: an illegal memory access was encountered"),
        (getattr(torch, "AcceleratorError", torch.OutOfMemoryError), "CUDA error: unspecified launch failure"),
    ],
)
def test_error_of_the_device_is_not_taken_for_one_of_the_build(error: type[Exception], text: str) -> None:
    place: dict[str, Any] = {"__name__": "triton.backends.nvidia.driver", "error": error, "text": text}
    exec("def launch(tile):\n    raise error(text)", place)
    with pytest.raises(error, match=text[:12].replace("[", r"\[")):
        attempt(MLP, place["launch"])
    assert attempt(MLP, lambda tile: None)


def test_kernel_that_the_driver_cannot_load_is_unavailable(caplog: pytest.LogCaptureFixture) -> None:
    text = "Triton Error [CUDA]: device kernel image is invalid"
    assert not attempt(MLP, raised_in("triton.compiler.compiler", "RuntimeError", text))
    assert text in messages(caplog)[0]


def test_mistake_of_ours_is_not_hidden() -> None:
    with pytest.raises(RuntimeError, match="C compiler"):
        attempt(MLP, raised_in("hitzoo.fold.triton.mlp", "RuntimeError", NO_COMPILER))
    assert attempt(MLP, lambda tile: None)


@pytest.mark.parametrize("which", ["mlp", "stage"])
def test_torchs_own_operations_take_the_place_of_a_failed_kernel(
    which: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = raised_in("triton.compiler.code_generator", "CompilationError", "at 60:16")
    monkeypatch.setattr(f"hitzoo.fold.triton.{which}._launch", broken)
    monkeypatch.setattr("hitzoo.fold.mlp_kernel.supports_mlp", lambda *_: which == "mlp")
    monkeypatch.setattr("hitzoo.families.hit.fold.stage_kernel.supports_stage", lambda *_: which == "stage")
    assert_same_images()
    said = messages(caplog)
    assert len(said) == len(set(said)) == {"mlp": 4, "stage": 3}[which]
    assert all(f"Triton cannot build the kernel {which}" in message and "(at 60:16)" in message for message in said)


def test_disabled_kernels_are_not_launched(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("mlp", "stage"):
        monkeypatch.setattr(f"hitzoo.fold.triton.{name}._launch", raised_in("hitzoo.x", "RuntimeError", "launched"))
    monkeypatch.setattr("hitzoo.fold.mlp_kernel.supports_mlp", lambda *_: True)
    monkeypatch.setattr("hitzoo.families.hit.fold.stage_kernel.supports_stage", lambda *_: True)
    disabled.disable_kernels(torch.device("cpu"), disabled.KERNELS)
    assert_same_images()
    for name in disabled.KERNELS:
        disabled.disable_kernels(torch.device("cpu"), set(disabled.KERNELS) - {name})
        with pytest.raises(RuntimeError, match="launched"):
            assert_same_images()


def assert_same_images() -> None:
    """Of the folded network that wants kernels, twice, and the generator that it is of."""
    module = generator()
    z = torch.randn(2, 6, generator=torch.Generator().manual_seed(1))
    folded = fold(module, replace(plain_kernels(), triton=True))
    for _ in range(2):
        torch.testing.assert_close(folded(z), module(z), rtol=1e-5, atol=1e-5)
