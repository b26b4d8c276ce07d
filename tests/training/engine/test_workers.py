"""Processes that decode images: started beside a GPU without a fork of the process that uses it."""

from __future__ import annotations

import sys
from multiprocessing import spawn
from types import ModuleType

import pytest
import torch

from hitzoo.training.engine.workers import start_method_for, without_main_module, workers_for
from hitzoo.training.run import loop
from hitzoo.training.run.loop import train
from hitzoo.training.run.options import RunOptions


@pytest.mark.parametrize("kind", ["cuda", "xpu", "mps"])
def test_process_that_uses_a_gpu_is_not_forked(monkeypatch, kind) -> None:
    device = torch.device(kind)
    for platform, method in (("linux", "forkserver"), ("darwin", "spawn"), ("win32", "spawn")):
        monkeypatch.setattr(sys, "platform", platform)
        assert start_method_for(device) == method
    assert workers_for(device, None) > 0


def test_process_on_a_cpu_is_started_as_python_starts_any() -> None:
    assert start_method_for(torch.device("cpu")) is None


def test_workers_do_not_import_the_programs_main_module(monkeypatch) -> None:
    """A script that trains at its top level would train again in each of them."""
    main = ModuleType("__main__")
    main.__file__ = "script.py"
    monkeypatch.setitem(sys.modules, "__main__", main)
    with without_main_module():
        inside = spawn.get_preparation_data("worker")
    assert not {"init_main_from_name", "init_main_from_path"} & inside.keys()
    assert {"init_main_from_name", "init_main_from_path"} & spawn.get_preparation_data("worker").keys()
    assert sys.modules["__main__"] is main
    with pytest.raises(KeyError), without_main_module():
        raise KeyError
    assert sys.modules["__main__"] is main


def test_run_starts_its_workers_as_its_device_needs(tiny_spec, tmp_path, monkeypatch) -> None:
    asked: list[object] = []
    batches = loop.batches

    def record(*given, start_method, **others):
        asked.append(start_method)
        return batches(*given, **others)

    monkeypatch.setattr(loop, "batches", record)
    monkeypatch.setattr(loop, "start_method_for", lambda device: f"as beside {device}")
    train(tiny_spec("training.steps=1"), RunOptions(out=tmp_path / "run", device="cpu"))
    assert asked == ["as beside cpu"]
