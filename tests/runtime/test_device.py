from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from hitzoo.cli.bench.machine import machine
from hitzoo.errors import ArgumentError, RequestError
from hitzoo.runtime import device as module
from hitzoo.runtime.device import choose_device, wait_for

CPU = torch.device("cpu")
NO_CODE = "CUDA error: no kernel image is available for execution on the device\nCompile with …"
BUSY = "CUDA error: CUDA-capable device(s) is/are busy or unavailable\nCUDA kernel errors might be …"
WORDS = {
    NO_CODE: "(CUDA error: no kernel image is available for execution on the device); this card is sm_61, and torch"
    f" {torch.__version__} has kernels for sm_75, sm_90: install a wheel of torch that has them for it, or take cpu",
    BUSY: "(CUDA error: CUDA-capable device(s) is/are busy or unavailable); try auto or cpu",
}


class Played:
    """A number of a device that is not here: made on the CPU, and added to as the device would."""

    def __init__(self, added: Callable[[], float]) -> None:
        self.added = added

    def add(self, number: int) -> Played:
        return self

    def item(self) -> float:
        return self.added()


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`play(cuda="error text", mps=None)`: the devices that are there, and how their kernels fail."""
    ones = torch.ones

    def begin(**failing: str | float | None) -> None:
        def made(size: int, device: torch.device) -> object:
            if device.type == "cpu":
                return ones(size)

            def added() -> float:
                found = failing[device.type]
                if isinstance(found, str):
                    raise RuntimeError(found)
                return 2.0 if found is None else found

            return Played(added)  # that there is memory for a number says nothing

        monkeypatch.setattr(torch, "ones", made)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in failing)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in failing)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (6, 1))
        monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_75", "sm_90"])
        monkeypatch.setattr(module, "_told", set())

    return begin


def test_cpu_can_be_chosen() -> None:
    assert choose_device("cpu") == choose_device(CPU) == CPU


def test_auto_prefers_what_is_fast(play) -> None:
    play()
    assert choose_device() == choose_device("auto") == CPU
    play(mps=None)
    assert choose_device("auto") == torch.device("mps")
    play(mps=None, cuda=None)
    assert choose_device("auto") == torch.device("cuda")


@pytest.mark.parametrize("failure", [NO_CODE, BUSY])
@pytest.mark.parametrize("name", ["cuda", "cuda:1"])
def test_named_device_that_cannot_compute_is_refused_with_the_way_on(play, name: str, failure: str) -> None:
    play(cuda=failure)
    with pytest.raises(ArgumentError) as refused:
        choose_device(name)
    assert str(refused.value) == f"device '{name}': not available on this machine {WORDS[failure]}"
    assert refused.value.as_option == f"--device {name}: not available on this machine {WORDS[failure]}"


def test_device_that_computes_wrongly_is_refused(play) -> None:
    play(cuda=0.0)
    with pytest.raises(ArgumentError, match=r"\(1 \+ 1 gave 0\); try auto or cpu"):
        choose_device("cuda")


@pytest.mark.parametrize("failure", [NO_CODE, BUSY])
def test_auto_passes_over_what_cannot_compute_and_says_so_once(play, caplog, failure: str) -> None:
    play(cuda=failure)
    assert choose_device() == choose_device() == CPU
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith(f"cuda cannot compute here ({failure.splitlines()[0]}) and is passed over")
    assert ("install a wheel of torch" in said) == (failure == NO_CODE)
    play(cuda=failure, mps=None)
    assert choose_device() == torch.device("mps")


def test_auto_of_one_of_several_processes_passes_over_nothing(play, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others would have chosen CUDA, and wait for a process that computes on its CPU."""
    play(cuda=NO_CODE)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ArgumentError, match=r"device 'auto': not available on this machine .* sm_61"):
        choose_device()


def test_device_whose_initialization_fails_later_is_refused(monkeypatch) -> None:
    """An error of torch's own class, as where a driver shows fewer devices than it counts."""

    def fail(*_: object, **__: object) -> None:
        raise torch.cuda.DeferredCudaCallError("CUDA call failed lazily at initialization with error: 1 < 1")

    monkeypatch.setattr(torch, "ones", fail)
    with pytest.raises(ArgumentError, match=r"not available on this machine \(CUDA call failed lazily"):
        choose_device("cuda")


@pytest.mark.parametrize("name", ["nonsense", "", "cpu:x", "cuda:99", "xla"])
def test_device_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(RequestError, match=f"device '{name}': not "):
        choose_device(name)


@pytest.mark.parametrize("name", ["meta", "hpu"])  # computes nothing; an add-on that is not installed
def test_device_of_no_use_is_refused(name: str) -> None:
    with pytest.raises(RequestError):
        choose_device(name)


def test_it_is_the_named_device_that_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[object] = []
    monkeypatch.setattr(torch.cuda, "synchronize", waited.append)
    monkeypatch.setattr(torch.mps, "synchronize", lambda: waited.append("mps"))  # takes no device
    for name in ("cpu", "cuda:1", "mps"):
        wait_for(torch.device(name))
    assert waited == [torch.device("cuda:1"), "mps"]


def test_it_is_the_named_device_whose_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"the GPU {device.index}")
    assert machine(torch.device("cuda:1"))["hardware"] == "the GPU 1"
