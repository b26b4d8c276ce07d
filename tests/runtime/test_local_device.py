"""Which device each of several processes computes on."""

from __future__ import annotations

import pytest
import torch

from hitzoo.cli.process import message_of_process
from hitzoo.errors import ArgumentError, RequestError, RunError
from hitzoo.runtime import local_device
from hitzoo.runtime.local_device import device_of_rank

CPU = torch.device("cpu")


@pytest.fixture
def machine(monkeypatch):
    """Some devices of a kind that torch has not, and which of them became current."""

    def make(kind: str, count: int) -> list[int]:
        current = [0]
        monkeypatch.setattr(local_device, "choose_device", lambda name: torch.device(kind if name == "auto" else name))
        accelerator = getattr(torch, kind)
        monkeypatch.setattr(accelerator, "device_count", lambda: count)
        monkeypatch.setattr(accelerator, "set_device", lambda number: current.append(number))
        monkeypatch.setattr(accelerator, "current_device", lambda: current[-1])
        return current

    monkeypatch.setenv("WORLD_SIZE", "3")
    for name in ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    return make


@pytest.mark.parametrize(("kind", "name"), [("cuda", "auto"), ("cuda", "cuda"), ("xpu", "xpu")])
def test_every_process_has_a_device_of_its_own(machine, monkeypatch, kind, name) -> None:
    current = machine(kind, 2)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert device_of_rank(name) == torch.device(kind, 1)
    assert current == [0, 1]
    assert device_of_rank("cpu") == CPU
    with pytest.raises(RequestError, match=f"device '{kind}:0': every process needs its own device; write {kind}"):
        device_of_rank(f"{kind}:0")
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(RunError, match=f"this machine has 2 {kind.upper()} devices, too few for --nproc-per-node 3"):
        device_of_rank(name)
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert device_of_rank(f"{kind}:0") == torch.device(kind, 0)


def test_device_of_a_process_is_current_before_anything_is_computed(machine, monkeypatch) -> None:
    """A process would keep half a gigabyte on the first device too."""
    current, chosen = machine("cuda", 2), []
    monkeypatch.setattr(local_device, "choose_device", lambda name: chosen.append(current[-1]) or torch.device("cuda"))
    monkeypatch.setenv("LOCAL_RANK", "1")
    device_of_rank("cuda")
    assert chosen == [1]


@pytest.mark.parametrize("variable", ["CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"])
def test_only_device_that_a_launcher_makes_visible_is_taken(machine, monkeypatch, variable) -> None:
    """As `srun --gpus-per-task=1` starts processes."""
    machine("cuda", 1)
    monkeypatch.setenv("LOCAL_RANK", "1")
    with pytest.raises(RunError, match="this machine has 1 CUDA devices"):
        device_of_rank("auto")
    monkeypatch.setenv(variable, "1")
    assert device_of_rank("auto") == torch.device("cuda", 0)
    machine("cuda", 2)
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(RunError, match="this machine has 2 CUDA devices"):
        device_of_rank("auto")


def test_device_that_one_process_lacks_is_said_by_it(machine, monkeypatch) -> None:
    """The first process has its own and meets nothing: it would be silent for all."""
    machine("cuda", 2)

    def refuse(*_: object) -> torch.device:
        raise ArgumentError("device", "cuda", "not available on this machine (no kernel image)")

    monkeypatch.setattr(local_device, "choose_device", refuse)
    monkeypatch.setenv("RANK", "1")
    for local_rank, said in (("1", "--device cuda: not available on this machine"), ("2", "this machine has 2 CUDA")):
        monkeypatch.setenv("LOCAL_RANK", local_rank)
        with pytest.raises(RunError) as caught:
            device_of_rank("cuda")
        assert (message_of_process(caught.value) or "").startswith(f"[process 1 of 3] {said}")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(RequestError):  # no process has one, and the first says so
        device_of_rank("cuda")


@pytest.mark.parametrize("kind", [RuntimeError, torch.cuda.DeferredCudaCallError])
def test_device_that_another_program_has_for_itself_is_one_message(machine, monkeypatch, kind) -> None:
    machine("cuda", 2)

    def refuse(number: int) -> None:
        raise kind("CUDA error: CUDA-capable device(s) is/are busy or unavailable\nCUDA kernel errors might …")

    monkeypatch.setattr(torch.cuda, "set_device", refuse)
    monkeypatch.setenv("LOCAL_RANK", "1")
    with pytest.raises(RunError, match=r"^cuda:1, the device of this process, is not usable: .* unavailable$"):
        device_of_rank("cuda")


def test_several_processes_on_the_one_device_of_a_mac_are_refused(monkeypatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "3")
    monkeypatch.setattr(local_device, "choose_device", torch.device)
    with pytest.raises(RequestError, match="mps is one device, which 3 processes cannot share; take --device cpu"):
        device_of_rank("mps")
