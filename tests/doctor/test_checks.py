"""Every check, on the CPU: it passes on what is right, and fails on what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist

from hitzoo.doctor import catalogue
from hitzoo.doctor.catalogue import checks_of
from hitzoo.doctor.check import Check, Measured, NotApplicable, carry_out
from hitzoo.doctor.checks import compiler, cuda_graph, onednn_kernels, processes, speed, training_step, triton_kernels
from hitzoo.doctor.checks.specimen import difference, generator_of, worst
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.fold.triton import reference
from hitzoo.fold.triton.attempts import KernelUnavailable
from hitzoo.layers import onednn_linear
from hitzoo.runtime import cuda_graph as graphs
from tests.doctor.in_process import outline
from tests.doctor.other_worker import failing_member
from tests.support import TINY_HIT

CPU = torch.device("cpu")
LITTLE = TINY_HIT + "training: {batch_size: 4, steps: 1, regularizers: []}\n"
WITHOUT_COMPILING = [check for check in checks_of(("cpu",), full=False) if check.outline.group != "compiler"]


@pytest.fixture(autouse=True)
def _small_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is measured for speed may be small here."""
    monkeypatch.setattr(speed, "_QUICK", {"cpu": (1 << 16, 32)})
    speed._ceilings.cache_clear()


@pytest.mark.parametrize("check", WITHOUT_COMPILING, ids=lambda check: check.outline.name)
def test_check_passes_on_cpu(check: Check) -> None:
    result = carry_out(check)
    assert result.status == "pass" or result.note == "this processor has no instructions for bfloat16", result
    assert result.status != "pass" or result.value is not None


@pytest.fixture
def little_to_compile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A step that the C++ compiler is done with in a fraction of the two minutes for the one that users compile."""
    spec = parse_spec(LITTLE, "little")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(training_step, "specimen", lambda: (spec, compile_spec(spec)))
    training_step.expected_gradients.cache_clear()
    from torch._inductor import config as inductor

    with inductor.patch({"cpp.simdlen": 1}):
        yield
    training_step.expected_gradients.cache_clear()


@pytest.mark.exhaustive
@pytest.mark.processes
@pytest.mark.usefixtures("little_to_compile")
def test_every_check_passes_on_cpu() -> None:
    results = [carry_out(check) for check in checks_of(("cpu",), full=True)]
    names = {result.outline.name for result in results}
    assert names > {check.outline.name for check in checks_of(("cpu",), full=False)}
    assert names >= {
        "linear and gelu 4096×128×512, oneDNN, float32",
        "optimized network of hit-b-ffhq256, bfloat16",
        "training step, float32, compiled",
        "2 processes, gloo",
    }
    assert [result for result in results if result.status == "fail"] == []
    assert {result.outline.group for result in results} >= {"compiler", "processes"}


@pytest.fixture
def triton(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernels' functions, computed by torch, where no kernel can run."""
    for name in ("fused_mlp", "fused_last_mlp", "pixel_stage"):
        monkeypatch.setattr(triton_kernels, name, getattr(reference, name))
    for name in ("supports_device", "supports_mlp", "supports_stage"):
        monkeypatch.setattr(triton_kernels, name, lambda *given: True)


def kernel_checks(*, full: bool) -> list[Check]:
    return list(catalogue._triton(CPU, full=full))


@pytest.mark.usefixtures("triton")
@pytest.mark.parametrize("full", [False, True])
def test_kernel_check_passes_on_reference(full: bool) -> None:
    results = [carry_out(check) for check in kernel_checks(full=full)]
    assert {result.status for result in results} == {"pass"}, results
    assert {result.outline.kernel for result in results} == {"mlp", "mlp_to_image", "stage"}


@pytest.mark.usefixtures("triton")
@pytest.mark.parametrize(
    ("function", "kernel"), [("fused_mlp", "mlp"), ("fused_last_mlp", "mlp_to_image"), ("pixel_stage", "stage")]
)
@pytest.mark.parametrize("wrong", ["one number", "not finite", "crash"])
def test_kernel_check_finds_wrong_kernel(
    function: str, kernel: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = getattr(reference, function)

    def broken(*given: Any, **options: Any) -> Any:
        if wrong == "crash":
            raise RuntimeError("CUDA error: an illegal memory access was encountered\nCompile with …")
        found = original(*given, **options)
        image = found[1] if isinstance(found, tuple) else found
        image.view(-1)[7] = torch.nan if wrong == "not finite" else image.view(-1)[7] + 1
        return found

    monkeypatch.setattr(triton_kernels, function, broken)
    results = {result.outline.name: result for result in map(carry_out, kernel_checks(full=False))}
    failed = {name for name, result in results.items() if result.status == "fail"}
    assert failed == {name for name, result in results.items() if result.outline.kernel == kernel}
    said = {results[name].note for name in failed}
    assert len(said) == 1
    assert said.pop().startswith(
        {
            "one number": "wrong numbers",
            "not finite": "the result is not a finite number",
            "crash": "RuntimeError: CUDA error: an illegal memory access was encountered",
        }[wrong]
    )


@pytest.mark.usefixtures("triton")
def test_kernel_that_cannot_be_built_does_not_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(*given: Any, **options: Any) -> None:
        raise KernelUnavailable from RuntimeError("Failed to find C compiler.\nPlease specify one")

    monkeypatch.setattr(triton_kernels, "pixel_stage", unavailable)
    results = [carry_out(check) for check in kernel_checks(full=False) if check.outline.kernel == "stage"]
    assert {(result.status, result.note) for result in results} == {
        (
            "not applicable",
            "Triton cannot build it (RuntimeError: Failed to find C compiler.); torch's own operations take its place",
        )
    }


def test_kernel_without_device_does_not_apply() -> None:
    results = [carry_out(check) for check in kernel_checks(full=False)]
    assert {result.status for result in results} == {"not applicable"}
    assert "compute capability 8.0" in results[0].note


def test_onednn_check_finds_wrong_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    original = torch.ops.mkldnn._linear_pointwise

    class Wrong:
        binary = original.binary

        def __call__(self, *given: Any) -> torch.Tensor:
            return original(*given).mul_(1.01)

    monkeypatch.setattr(torch.ops.mkldnn, "_linear_pointwise", Wrong())
    results = [carry_out(check) for check in catalogue._onednn(full=False)]
    failed = [result.outline.name for result in results if result.status == "fail"]
    assert {"linear, oneDNN, float32", "linear and gelu, oneDNN, float32", "gradients of linear, oneDNN"} <= set(failed)
    assert "linear and sum, oneDNN, float32" not in failed
    assert results[0].to_json()["workaround"].startswith("set ONEDNN_MAX_CPU_ISA=AVX2")


def test_onednn_check_without_onednn_does_not_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onednn_linear, "is_here", lambda: False)
    with pytest.raises(NotApplicable, match="without oneDNN"):
        onednn_kernels.linear(torch.float32, "none")


def test_network_check_finds_wrong_network(monkeypatch: pytest.MonkeyPatch) -> None:
    from hitzoo.fold import linear

    original = linear.onednn_product
    monkeypatch.setattr(linear, "onednn_product", lambda *given, **options: original(*given, **options).mul_(1.001))
    (check,) = [check for check in WITHOUT_COMPILING if check.outline.name == "optimized network, float32"]
    result = carry_out(check)
    assert (result.status, result.to_json()["workaround"]) == ("fail", "leave out --optimized")


def test_training_check_finds_wrong_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    original = onednn_linear._weight_gradient
    monkeypatch.setattr(onednn_linear, "_weight_gradient", lambda gradient, x: 1.01 * original(gradient, x))
    assert not training_step.training_step(CPU, "float32").passes


def test_training_check_compares_each_gradient() -> None:
    expected = training_step.expected_gradients()
    assert set(expected) == {"generator", "discriminator"}
    for gradients in expected.values():
        assert all(gradient.dtype == torch.float64 for gradient in gradients)
        assert sum(gradient.abs().max() > 0 for gradient in gradients) > 0.9 * len(gradients)


def test_training_check_without_compiler_does_not_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(compiler.shutil, "which", lambda program: None)
    for work in (lambda: compiler.compiles(CPU), lambda: training_step.training_step(CPU, "float32", compiled=True)):
        with pytest.raises(NotApplicable, match="compiler, and none is installed"):
            work()
    monkeypatch.setattr(compiler, "find_spec", lambda name: None)
    with pytest.raises(NotApplicable, match="needs Triton on a GPU"):
        compiler.compiles(torch.device("cuda"))


def test_cpu_compiles_only_with_full() -> None:
    (later,) = [check for check in checks_of(("cpu",), full=False) if check.outline.group == "compiler"]
    assert carry_out(later).note == "not tried: it takes a while on a CPU; hitzoo doctor --full tries it"
    for devices, full in ((("cpu",), True), (("cuda:0",), False)):
        (now,) = [check for check in checks_of(devices, full=full) if check.outline.group == "compiler"]
        assert now.measure is not later.measure


@pytest.fixture
def _as_if_on_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "_on_cuda", lambda z: True)
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: "pool")


class Stuck:
    """Stands for a graph that never reads its input: its replays are the images of its capture."""

    def __init__(self, forward: Callable[[torch.Tensor], torch.Tensor], example: torch.Tensor, pool: object) -> None:
        self.images = forward(example)

    def replay(self, z: torch.Tensor) -> torch.Tensor:
        return self.images


def failing(*_: object) -> None:
    raise RuntimeError("operation not permitted when stream is capturing\nmore")


@pytest.mark.usefixtures("_as_if_on_cuda")
def test_graph_check_finds_graph_that_repeats_its_first_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "_Graph", Stuck)
    assert not cuda_graph.replayed_calls(CPU).passes


@pytest.mark.usefixtures("_as_if_on_cuda")
def test_graph_check_finds_failed_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "_Graph", failing)
    with pytest.raises(RuntimeError, match=r"^no graph can be captured: operation not permitted when stream .*ing$"):
        cuda_graph.replayed_calls(CPU)


def test_graph_check_needs_cuda() -> None:
    assert cuda_graph.replayed_calls(CPU).value == 0
    with pytest.raises(NotApplicable):
        cuda_graph.cuda_graph(CPU)


def test_specimen_has_no_trivial_weight() -> None:
    for name, tensor in generator_of().state_dict().items():
        if tensor.is_floating_point():
            assert tensor.numel() == 1 or tensor.unique().numel() > 1, name


def test_difference_is_relative_to_the_largest_value() -> None:
    assert difference(torch.tensor([1.0, -20.0]), torch.tensor([1.5, -20.0])) == pytest.approx(0.025)
    assert difference(torch.tensor([torch.nan]), torch.tensor([1.0])) != 0


@pytest.mark.exhaustive
@pytest.mark.processes
def test_processes_add_up() -> None:
    measured = processes.all_reduce("gloo", 2)
    assert measured.value > 0
    assert measured.unit == "B/s"


def test_wrong_sum_of_processes_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_NUMEL", {"gloo": 1 << 10})
    assert processes._rate(0, 1, "gloo", str(tmp_path)) > 0
    monkeypatch.setattr("torch.distributed.all_reduce", lambda total: total[3].add_(1))
    (tmp_path / "again").mkdir()
    with pytest.raises(ArithmeticError, match="the sum of all processes is wrong"):
        processes._rate(0, 1, "gloo", str(tmp_path / "again"))
    dist.destroy_process_group()  # a process that fails leaves it to its end


@pytest.mark.processes
@pytest.mark.parametrize(
    ("size", "patience", "said"),
    [
        (1, 60.0, "process 0: RuntimeError: no route to host"),
        (2, 60.0, "process 1 ended without a word"),
        (3, 0.5, r"process \d did not meet the others within 0 seconds"),
    ],
)
def test_processes_that_fail_are_named(size: int, patience: float, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PATIENCE", patience)
    with pytest.raises((RuntimeError, TimeoutError), match=said):
        processes._run(failing_member, "gloo", size, "")


def test_processes_without_backend_do_not_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.distributed.is_backend_available", lambda backend: False)
    with pytest.raises(NotApplicable, match="without nccl"):
        processes.all_reduce("nccl", 2)


@pytest.mark.parametrize(
    ("value", "limit", "status"),
    [(1.0, 2.0, "pass"), (2.0, 2.0, "pass"), (3.0, 2.0, "fail"), (3.0, None, "pass"), (float("nan"), None, "fail")],
)
def test_figure_decides(value: float, limit: float | None, status: str) -> None:
    check = Check(outline("speed", "x"), lambda: Measured(value=value, unit="relative", limit=limit))
    result = carry_out(check)
    assert result.status == status
    assert (result.note == "") == (status == "pass")


def test_whatever_a_check_raises_is_its_result() -> None:
    def broken() -> Measured:
        raise AssertionError

    result = carry_out(Check(outline("speed", "x"), broken))
    assert (result.status, result.note) == ("fail", "AssertionError")


def test_gpus_have_checks_of_their_own() -> None:
    found = [check.outline for check in checks_of(("cpu", "cuda:0", "cuda:1"), full=False)]
    of_one = {one.name for one in found if one.device == "cuda:1"}
    assert {"CUDA graph", "training step, tf32", "copies from the host", "matrix products, tf32"} <= of_one
    assert [one.name for one in found if one.device == "cuda"] == ["2 processes, nccl"]
    assert not [one for one in found if one.device == "cpu" and ("tf32" in one.name or one.kernel)]
    assert not [one for one in found if one.name.endswith("gloo")]
    everything = [check.outline for check in checks_of(("cpu", "cuda:0", "cuda:1", "cuda:2"), full=True)]
    assert [one.name for one in everything if one.group == "processes"] == ["3 processes, nccl", "2 processes, gloo"]
    assert len(everything) > 2 * len(found)


@pytest.mark.parametrize("full", [False, True])
def test_names_of_checks_are_unique(full: bool) -> None:
    found = [check.outline for check in checks_of(("cpu", "cuda:0"), full=full)]
    assert len({(one.device, one.name) for one in found}) == len(found)
    assert all(one.workaround or one.group == "speed" for one in found)


def test_worst_difference_is_no_number_if_one_is_none() -> None:
    assert worst([0.1, 0.3, 0.2]) == 0.3
    for values in ([0.1, float("nan")], [float("nan"), 0.1]):
        assert worst(values) != worst(values)
