"""All checks of a list of devices, in the order in which they are carried out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import get_args

import torch

from hitzoo.doctor.check import Check, Measured
from hitzoo.doctor.checks import onednn_kernels, triton_kernels
from hitzoo.doctor.checks.compiler import compiles, compiles_later
from hitzoo.doctor.checks.computes import computes
from hitzoo.doctor.checks.cuda_graph import cuda_graph
from hitzoo.doctor.checks.optimized_network import optimized_network
from hitzoo.doctor.checks.processes import PATIENCE, all_reduce
from hitzoo.doctor.checks.speed import copy_bandwidth, host_copy, matrix_rate
from hitzoo.doctor.checks.training_step import training_step
from hitzoo.doctor.checks.triton_kernels import StageSize
from hitzoo.doctor.report import Outline
from hitzoo.runtime.precision import PRECISIONS
from hitzoo.training.engine.execution import Precision

_LONG, _LONGEST = 600.0, 1800.0  # seconds that a compiler may take: for a kernel, for a whole step
_SHIPPED = ("hit-ti-shapes32", "hit-b-ffhq256")  # that --full makes images of
_STAGES = {
    "stage": StageSize(channels=32, before=16),
    "stage to image": StageSize(channels=16, before=8, depth=1, ends=True),
}
_MORE_STAGES = {
    "stage without a layer": StageSize(channels=32, before=None, heads=2, tokens=16),
    "stage of 64 channels": StageSize(channels=64, before=16, depth=2, tokens=16),
    "stage of 64 channels to image": StageSize(channels=64, before=16, depth=2, tokens=16, ends=True),
    "stage of 128 channels": StageSize(channels=128, before=32, depth=3, tokens=16),
    "stage of 128 channels to image": StageSize(channels=128, before=32, depth=3, tokens=16, ends=True),
}


def checks_of(devices: Sequence[str], *, full: bool, suspected: Collection[str] = ()) -> list[Check]:
    """Return the checks of these devices, longer ones and more sizes if `full`.

    Of `suspected` devices, on which kernels are off, the kernels of all sizes are checked in any case: one that failed
    at one size is not right because it is at another.
    """
    found = [check for name in devices for check in _checks_of_one(name, full=full, suspected=name in suspected)]
    return [*found, *_processes(devices, full=full)]


def _checks_of_one(name: str, *, full: bool, suspected: bool) -> Iterator[Check]:
    device = torch.device(name)
    yield _check("device", "computes", name, _other_torch(device), partial(computes, device))
    yield from _triton(device, full=full or suspected) if device.type != "cpu" or _interpreted() else ()
    yield from _onednn(full=full) if device.type == "cpu" else ()
    yield from _networks(device, full=full)
    yield from _steps(device, full=full)
    compiled = partial(compiles, device) if full or device.type != "cpu" else compiles_later
    yield _check("compiler", "torch.compile", name, "leave out --compile", compiled, patience=_LONG)
    if device.type == "cuda":
        yield _check("graph", "CUDA graph", name, "leave out --optimized", partial(cuda_graph, device))
    yield from _speeds(device, full=full)


def _interpreted() -> bool:
    from hitzoo.fold.triton.support import interpreting

    return interpreting()


def _onednn(*, full: bool) -> Iterator[Check]:
    avoid = "set ONEDNN_MAX_CPU_ISA=AVX2 in the environment: older instructions"
    for dtype in (torch.float32, torch.bfloat16):
        kind = str(dtype).removeprefix("torch.")
        for epilogue, words in (("none", "linear"), ("gelu", "linear and gelu"), ("sum", "linear and sum")):
            measure = partial(onednn_kernels.linear, dtype, epilogue)
            yield _check("kernels", f"{words}, oneDNN, {kind}", "cpu", avoid, measure)
        for sizes in ((1, 16, 16), (4096, 128, 512), (1000, 512, 3)) if full else ():
            size, measure = "×".join(map(str, sizes)), partial(onednn_kernels.linear, dtype, "gelu", sizes)
            yield _check("kernels", f"linear and gelu {size}, oneDNN, {kind}", "cpu", avoid, measure)
        measure = partial(onednn_kernels.per_sample_linear, dtype)
        yield _check("kernels", f"linear per sample, oneDNN, {kind}", "cpu", avoid, measure)
    yield _check("kernels", "gradients of linear, oneDNN", "cpu", avoid, onednn_kernels.linear_gradients)


def _triton(device: torch.device, *, full: bool) -> Iterator[Check]:
    """The kernels that the small network launches; with `full` those of every width."""
    for dtype in (torch.float32, torch.bfloat16):
        kind = str(dtype).removeprefix("torch.")
        for channels in (16, 32, 64, 128) if full else (64,):
            measure = partial(triton_kernels.mlp, device, dtype, channels)
            yield _kernel("mlp", f"MLP of {channels} channels, Triton, {kind}", device, measure)
            measure = partial(triton_kernels.mlp_to_image, device, dtype, channels)
            yield _kernel("mlp_to_image", f"MLP of {channels} channels to image, Triton, {kind}", device, measure)
        for words, size in (_STAGES | (_MORE_STAGES if full else {})).items():
            yield _kernel(
                "stage", f"{words}, Triton, {kind}", device, partial(triton_kernels.stage, device, dtype, size)
            )


def _kernel(kernel: str, name: str, device: torch.device, measure: Callable[[], Measured]) -> Check:
    avoid = "none needed: from now on torch's own operations take its place on this machine"
    return _check("kernels", name, str(device), avoid, measure, kernel=kernel, patience=_LONG)


def _networks(device: torch.device, *, full: bool) -> Iterator[Check]:
    for precision in PRECISIONS:
        avoid = "leave out --optimized" + (", or --precision bfloat16" if precision == "bfloat16" else "")
        measure = partial(optimized_network, device, precision)
        yield _check("network", f"optimized network, {precision}", str(device), avoid, measure, patience=_LONG)
        for name in _SHIPPED if full else ():
            measure = partial(optimized_network, device, precision, name, 2)
            yield _check(
                "network", f"optimized network of {name}, {precision}", str(device), avoid, measure, patience=_LONG
            )


def _steps(device: torch.device, *, full: bool) -> Iterator[Check]:
    for precision in get_args(Precision):
        if precision == "tf32" and device.type != "cuda":
            continue
        avoid = "--precision float32" if precision != "float32" else _other_torch(device)
        measure = partial(training_step, device, precision)
        yield _check("training", f"training step, {precision}", str(device), avoid, measure)
    compiled: tuple[Precision, ...] = ("float32", "bf16") if device.type == "cuda" else ("float32",)
    for precision in compiled if full else ():
        measure = partial(training_step, device, precision, compiled=True)
        yield _check(
            "training",
            f"training step, {precision}, compiled",
            str(device),
            "leave out --compile",
            measure,
            patience=_LONGEST,
        )


def _speeds(device: torch.device, *, full: bool) -> Iterator[Check]:
    name, avoid = str(device), ""
    yield _check("speed", "copies, read and written", name, avoid, partial(copy_bandwidth, device, full=full))
    if device.type == "cuda":
        yield _check("speed", "copies from the host", name, avoid, partial(host_copy, device))
    for precision in (*PRECISIONS, *(("tf32",) if device.type == "cuda" else ())):
        measure = partial(matrix_rate, device, precision, full=full)
        yield _check("speed", f"matrix products, {precision}", name, avoid, measure)


def _processes(devices: Sequence[str], *, full: bool) -> Iterator[Check]:
    cards = sum(name.startswith("cuda") for name in devices)
    if cards > 1:
        size = cards if full else 2
        avoid = "NCCL_P2P_DISABLE=1 or NCCL_IB_DISABLE=1 in the environment; until then train on one device"
        yield _together("nccl", size, "cuda", avoid)
    if full and "cpu" in devices:
        yield _together("gloo", 2, "cpu", "GLOO_SOCKET_IFNAME=lo in the environment")


def _together(backend: str, size: int, device: str, avoid: str) -> Check:
    measure = partial(all_reduce, backend, size)
    return _check("processes", f"{size} processes, {backend}", device, avoid, measure, patience=PATIENCE + 30)


def _other_torch(device: torch.device) -> str:
    if device.type == "cpu":
        return "install torch anew: https://pytorch.org/get-started/locally/"
    return "install a torch that knows this device: https://pytorch.org/get-started/locally/; until then --device cpu"


def _check(
    group: str,
    name: str,
    device: str,
    workaround: str,
    measure: Callable[[], Measured],
    *,
    kernel: str = "",
    patience: float = 120.0,
) -> Check:
    outline = Outline(group=group, name=name, device=device, workaround=workaround, kernel=kernel, patience=patience)
    return Check(outline, measure)
