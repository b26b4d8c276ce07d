"""Deterministic kernels inside the block, the caller's settings after it, and one message where there is none."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import torch

from hitzoo.errors import RunError
from hitzoo.runtime.determinism import deterministic


def settings() -> tuple[object, ...]:
    cudnn = torch.backends.cudnn
    filled = torch.utils.deterministic.fill_uninitialized_memory
    return torch.get_deterministic_debug_mode(), cudnn.deterministic, cudnn.benchmark, filled


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")  # so that it is put back
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    yield
    torch.use_deterministic_algorithms(False)


def test_settings_hold_inside_and_come_back() -> None:
    torch.use_deterministic_algorithms(True, warn_only=True)
    before = settings()
    assert before == (1, False, True, True)
    with deterministic(False):
        assert settings() == before
        assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
    with deterministic():
        assert settings() == (2, True, False, False)
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert settings() == before
    with pytest.raises(ZeroDivisionError), deterministic():
        _ = 1 / 0
    assert settings() == before


def test_operation_without_deterministic_form_is_one_message() -> None:
    """`put_` has none, on CPUs either."""
    x = torch.zeros(3)
    said = r"^deterministic: put_ has no deterministic form .*; go on with deterministic=False"
    with pytest.raises(RunError, match=said) as caught, deterministic():
        x.put_(torch.tensor([0]), torch.ones(1))
    assert "go on with --no-deterministic; the results" in str(caught.value.as_option)
    assert settings()[0] == 0


def test_workspace_that_cublas_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, wrong in ((":1:1", "CUBLAS_WORKSPACE_CONFIG is ':1:1'"), (":4096:8", "computed on the GPU before")):
        monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", value)
        said = f"{wrong}; start with CUBLAS_WORKSPACE_CONFIG=:4096:8 in the environment"
        with pytest.raises(RunError, match=said), deterministic():
            raise RuntimeError("Deterministic behavior was enabled …; set CUBLAS_WORKSPACE_CONFIG=:4096:8")


def test_other_errors_pass() -> None:
    error = torch.cuda.OutOfMemoryError("CUDA out of memory.")
    with pytest.raises(torch.cuda.OutOfMemoryError) as caught, deterministic():
        raise error
    assert caught.value is error
    assert error.__cause__ is None
