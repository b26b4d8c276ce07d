"""A compiler that fails is one message; what else fails in a compiled step is not the compiler's."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from hitzoo.cli.process import message_of_process
from hitzoo.errors import DataError, RequestError
from hitzoo.training.engine.compile_errors import explaining_compiler_errors
from hitzoo.training.engine.out_of_memory import OutOfMemory, explaining_out_of_memory
from hitzoo.training.run.loop import train
from hitzoo.training.run.options import RunOptions

InductorError = type("InductorError", (RuntimeError,), {"__module__": "torch._inductor.exc"})


class Failing(nn.Module):
    """A network whose compilation fails."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *given: torch.Tensor) -> torch.Tensor:
        raise InductorError("Failed to find C compiler. Please specify via CC environment variable.\nand more")


def test_compiler_that_fails_is_one_message() -> None:
    def backend(*_: object) -> None:
        raise FileNotFoundError("no C++ compiler: g++")

    network = torch.compile(nn.Linear(2, 2), backend=backend)
    with pytest.raises(RequestError, match=r"no C\+\+ compiler: g\+\+") as caught, explaining_compiler_errors():
        network(torch.zeros(1, 2))
    assert "\n" not in str(caught.value)
    torch.compiler.reset()


def test_error_within_a_compiled_step_that_is_not_the_compilers_passes() -> None:
    for error in (RuntimeError("shapes do not fit"), DataError("gone"), KeyError("x")):
        with pytest.raises(type(error)), explaining_compiler_errors():
            raise error


def test_full_memory_in_the_compiler_is_a_full_memory() -> None:
    with pytest.raises(OutOfMemory), explaining_out_of_memory(4), explaining_compiler_errors():
        raise InductorError("OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB")


def test_new_run_that_cannot_be_compiled_leaves_nothing(tiny_spec, tmp_path: Path, monkeypatch) -> None:
    resets: list[int] = []
    monkeypatch.setattr(torch, "compile", lambda network, **_: Failing(network))
    monkeypatch.setattr(torch.compiler, "reset", lambda: resets.append(1))
    options = RunOptions(out=tmp_path / "run", device="cpu", compiled=True)
    with pytest.raises(
        RequestError, match=r"\(Failed to find C compiler\. Please .* variable\.\); leave compiled out"
    ) as caught:
        train(tiny_spec(), options)
    assert (message_of_process(caught.value) or "").endswith("; leave --compile out")
    assert not list((tmp_path / "run").glob("*"))
    assert resets == [1]
