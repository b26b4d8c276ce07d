"""The kernels that are off on a machine: kept from one process to the next, until what they run on changes."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
import torch

from hitzoo.errors import OutputError
from hitzoo.fold.triton import disabled
from hitzoo.fold.triton.disabled import disable_kernels, disabled_kernels

CUDA, CPU = torch.device("cuda", 0), torch.device("cpu")


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A GPU, in name, and a new process."""
    monkeypatch.setenv("HITZOO_CACHE", str(tmp_path))
    monkeypatch.setattr("torch.cuda.get_device_name", lambda device: "NVIDIA H100 80GB HBM3")
    monkeypatch.setattr("torch.cuda.current_device", lambda: 0)
    monkeypatch.setattr(disabled, "_driver", lambda: "580.95.05")
    new_process(monkeypatch)


def new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disabled, "_off", {})


def test_disabled_kernels_are_kept_for_later_processes_and_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert disabled_kernels(CUDA) == frozenset()
    path = disable_kernels(CUDA, ["stage", "mlp"], {"stage": "off by 0.3"})
    assert path is not None
    assert json.loads(path.read_text())["disabled"] == {"mlp": "", "stage": "off by 0.3"}
    assert disabled_kernels(torch.device("cuda")) == {"mlp", "stage"}
    assert caplog.records == []  # whoever turns them off knows
    new_process(monkeypatch)
    for _ in range(2):
        assert disabled_kernels(CUDA) == {"mlp", "stage"}
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert caplog.records[0].getMessage() == (
        f"the Triton kernels mlp, stage are turned off on NVIDIA H100 80GB HBM3, where an earlier check failed "
        f"({path}); torch's own operations compute the same, slower; `hitzoo doctor` checks again"
    )


def test_a_passed_check_turns_all_on_again(monkeypatch: pytest.MonkeyPatch) -> None:
    path = disable_kernels(CUDA, ["mlp"])
    assert path is not None
    for _ in range(2):
        assert disable_kernels(CUDA, []) is None
        assert not path.exists()
    assert disabled_kernels(CUDA) == frozenset()
    new_process(monkeypatch)
    assert disabled_kernels(CUDA) == frozenset()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("hitzoo.fold.triton.disabled._driver", lambda: "590.10"),
        ("hitzoo.fold.triton.disabled._hitzoo", lambda: "99"),
        ("hitzoo.fold.triton.disabled.triton_version", lambda: "99"),
        ("torch.__version__", "99"),
        ("torch.cuda.get_device_name", lambda device: "NVIDIA L4"),
    ],
)
def test_list_holds_for_one_device_and_set_of_versions(
    place: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    disable_kernels(CUDA, ["mlp"])
    new_process(monkeypatch)
    monkeypatch.setattr(place, value)
    assert disabled_kernels(CUDA) == frozenset()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"machine": {}, "disabled": {"mlp": ""}}', "\udcff"])
def test_damaged_list_turns_nothing_off(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = disable_kernels(CUDA, ["mlp"])
    assert path is not None
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    new_process(monkeypatch)
    assert disabled_kernels(CUDA) == frozenset()


def test_list_that_cannot_be_stored_holds_for_this_process(tmp_path: Path) -> None:
    (tmp_path / "disabled-kernels").touch()
    with pytest.raises(OutputError, match="disabled-kernels"):
        disable_kernels(CUDA, ["mlp"])
    assert disabled_kernels(CUDA) == {"mlp"}


def test_without_a_gpu_the_list_is_this_process_s_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert disable_kernels(CPU, ["mlp"]) is None
    assert disabled_kernels(CPU) == {"mlp"}
    assert list(tmp_path.iterdir()) == []
    new_process(monkeypatch)
    assert disabled_kernels(CPU) == frozenset()


def test_without_a_home_nothing_is_stored(homeless: None) -> None:
    assert disable_kernels(CUDA, ["mlp"]) is None
    assert disabled_kernels(CUDA) == {"mlp"}
