"""Triton is found by its module: its distribution is called `pytorch-triton` or `triton-windows` in places."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from hitzoo.fold.triton import support, version
from hitzoo.fold.triton.support import supports_device
from hitzoo.fold.triton.version import triton_version

CUDA = torch.device("cuda", 0)


@pytest.fixture(autouse=True)
def _asked_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("torch.version.cuda", "13.0")
    monkeypatch.setattr("torch.cuda.get_device_capability", lambda device: (9, 0))
    for each in (triton_version, support._triton_is_here):
        each.cache_clear()
    yield
    for each in (triton_version, support._triton_is_here):
        each.cache_clear()


def install(monkeypatch: pytest.MonkeyPatch, load: Any) -> None:
    """Let a module named triton be there, under no distribution's name, which `load` gives."""

    def no_distribution(name: str) -> str:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", no_distribution)
    monkeypatch.setattr(version, "find_spec", lambda name: SimpleNamespace() if load else None)
    monkeypatch.setattr(version, "import_module", load)


@pytest.mark.parametrize(
    ("said", "supported"),
    [("3.4.0", True), ("3.9.0+git1a2b3c", True), ("4.0.0", True), ("3.3.1", False), ("2.9", False), ("windows", False)],
)
def test_kernels_ask_the_module_for_its_version(said: str, supported: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, lambda name: SimpleNamespace(__version__=said))
    assert triton_version() == said
    assert supports_device(CUDA) == supported


def test_without_triton_there_are_no_kernels(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    install(monkeypatch, None)
    assert triton_version() is None
    assert not supports_device(CUDA)
    assert caplog.records == []


def test_triton_that_cannot_be_imported_is_named_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def load(name: str) -> None:
        raise OSError("libtriton.so: cannot open shared object file\nand more")

    install(monkeypatch, load)
    assert not supports_device(CUDA)
    assert triton_version() is None
    assert [record.getMessage() for record in caplog.records] == [
        "Triton is installed but cannot be imported (libtriton.so: cannot open shared object file); "
        "torch's own operations take its place"
    ]


def test_device_without_kernels_does_not_load_triton(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> None:
        raise AssertionError("loaded")

    install(monkeypatch, load)
    monkeypatch.setattr("torch.cuda.get_device_capability", lambda device: (7, 5))
    assert not supports_device(CUDA)
    monkeypatch.setattr(support, "interpreting", lambda: False)
    assert not supports_device(torch.device("cpu"))
