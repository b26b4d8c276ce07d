"""Facts of a machine, real and planted."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from hitzoo.doctor import caches, limits, machine, versions
from hitzoo.doctor.byte_size import byte_size
from hitzoo.doctor.devices import devices
from hitzoo.doctor.environment import environment
from hitzoo.doctor.found_gpu import found_gpu
from hitzoo.doctor.probe import probe
from tests.doctor.in_process import PROBE


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two GPUs, in name."""
    properties = {"total_memory": 80 << 30, "major": 9, "minor": 0, "multi_processor_count": 132}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda number: SimpleNamespace(name=f"NVIDIA H10{number}", **properties)
    )

    def mem_get_info(number: int) -> tuple[int, int]:
        if number:
            raise RuntimeError("CUDA-capable device(s) is/are busy or unavailable")
        return 70 << 30, 80 << 30

    monkeypatch.setattr(torch.cuda, "mem_get_info", mem_get_info)


def test_probe_of_this_machine() -> None:
    found = probe()
    assert found["torch"]["torch"] == torch.__version__
    assert found["threads"] == torch.get_num_threads()
    assert found["devices"][0]["device"] == "cpu"
    assert set(found) == set(PROBE)


@pytest.mark.usefixtures("gpus")
def test_gpus_are_listed_with_memory_and_capability() -> None:
    found = probe()
    assert found["cuda_problem"] is None
    cpu, first, second = devices(found).facts
    assert (cpu.key, cpu.text) == ("cpu", "the processor above")
    assert first.text == "NVIDIA H100, 85.9 GB of memory, 75.2 GB free, compute capability 9.0, 132 multiprocessors"
    assert (second.key, second.value["free"]) == ("cuda:1", None)
    assert "free" not in second.text


@pytest.mark.parametrize(("number", "text"), [(92600, "9.26.0"), (8902, "8.9.2"), (91002, "9.10.2"), (None, None)])
def test_version_of_cudnn(number: int | None, text: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: number)
    assert probe()["torch"]["cudnn"] == text


def test_versions_without_torch_are_those_installed() -> None:
    section = versions.versions(None, None).to_json()
    assert section["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert section["driver"] is None


@pytest.mark.parametrize(
    "text",
    [
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  Tue Sep 23 10:11:16 UTC 2025\nGCC version: 12.2.0",
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  (x@y)  Tue Sep 23\n",
    ],
)
def test_driver_of_nvidia(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "version").write_text(text)
    monkeypatch.setattr(versions, "_DRIVER", tmp_path / "version")
    assert versions.driver_version() == "580.95.05"


@pytest.mark.parametrize(
    ("answer", "version"),
    [("580.95.05\n580.95.05\n", "580.95.05"), ("No devices were found\n", None), ("", None), (OSError(), None)],
)
def test_driver_by_nvidia_smi(
    answer: Any, version: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(command: list[str], **options: Any) -> Any:
        assert options["timeout"] > 0
        if isinstance(answer, Exception):
            raise answer
        return subprocess.CompletedProcess(command, 0, answer, "")

    monkeypatch.setattr(versions, "_DRIVER", tmp_path / "none")
    monkeypatch.setattr(versions.shutil, "which", lambda program: "/usr/bin/nvidia-smi")
    monkeypatch.setattr(versions.subprocess, "run", run)
    assert versions.driver_version() == version


CPU_ONLY = PROBE | {"devices": PROBE["devices"][:1]}


@pytest.mark.parametrize(
    ("found", "driver", "status", "said"),
    [
        (PROBE, "580", "pass", ""),
        (CPU_ONLY, None, "not applicable", "--gpus all"),
        (CPU_ONLY | {"cuda_built": False}, "580", "fail", "built without CUDA"),
        (
            CPU_ONLY | {"cuda_problem": "the driver is too old"},
            "470",
            "fail",
            "driver 470 is installed, but: the driver",
        ),
    ],
)
def test_gpu_that_torch_does_not_find_is_a_failure(
    found: dict[str, Any], driver: str | None, status: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr("hitzoo.doctor.found_gpu._NODES", ())
    result = found_gpu(found, driver)
    assert result.status == status
    assert said in result.note
    assert ("pytorch.org" in result.outline.workaround) == (status == "fail")


def test_gpu_that_is_hidden_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert found_gpu(CPU_ONLY, "580").note == "CUDA_VISIBLE_DEVICES hides all GPUs"


def test_more_threads_than_cores_have_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "processors", lambda: frozenset({0, 1}))
    hints = {threads: machine._threads(threads, 2).hint for threads in (1, 2, 3)}
    assert [bool(hint) for hint in hints.values()] == [False, False, True]
    assert "--threads 2" in hints[3]


@pytest.mark.parametrize(
    ("soft", "hard", "said"),
    [(20_000, 20_000, ""), (256, 4096, "ulimit -n 4096"), (256, 1024, "administrator"), (None, None, "")],
)
def test_few_open_files_have_a_hint(
    soft: int | None, hard: int | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_limit", lambda name: (soft, hard))
    fact = limits._open_files()
    assert bool(fact.hint) == bool(said)
    assert said in fact.hint


def test_little_shared_memory_has_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_space", lambda place: (64 << 20, 60 << 20))
    monkeypatch.setattr(limits.Path, "is_dir", lambda path: True)
    assert "--shm-size" in limits._shared_memory().hint


def test_system_without_limits_has_the_same_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = limits.limits().to_json().keys()
    monkeypatch.setattr(limits, "resource", None)
    monkeypatch.setattr(limits, "_space", lambda place: None)
    bare = limits.limits()
    assert bare.to_json().keys() == keys
    assert {fact.text for fact in bare.facts} == {""}


def test_environment_shows_no_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("HF_HOME", "/somewhere/secret")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    found = environment().to_json()
    assert (found["OMP_NUM_THREADS"], found["HF_HOME"]) == ("3", True)
    assert "CUDA_VISIBLE_DEVICES" not in found


def test_caches_are_told_by_variable_and_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = tmp_path / "hub" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / "one").write_bytes(bytes(5000))
    (blobs / "two").hardlink_to(blobs / "one")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    found = caches.caches()
    assert found.to_json()["hub"] == {"place": "$HF_HOME/hub", "bytes": 5000, "complete": True}
    assert str(tmp_path) not in str(found)
    assert next(fact.text for fact in found.facts if fact.key == "hub") == "5 kB, $HF_HOME/hub"


def test_cache_that_is_too_large_to_count_says_so(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(bytes(10))
    seconds = iter(range(0, 100, 2))
    assert caches._size(tmp_path, clock=lambda: next(seconds)) == (10, False)


def test_caches_without_a_home(homeless: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HUB_CACHE", "TRITON_CACHE_DIR", "TRITON_HOME", "TORCHINDUCTOR_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert caches.caches().to_json()["hitzoo"] == {"place": "no home folder", "bytes": 0, "complete": True}


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (999_600, "1 MB"), (25_300_000_000, "25.3 GB")]
)
def test_byte_size(count: int, text: str) -> None:
    assert byte_size(count) == text


@pytest.mark.usefixtures("gpus")
def test_kernels_turned_off_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    off = {0: {"stage", "mlp"}, 1: set()}
    monkeypatch.setattr("hitzoo.doctor.probe.disabled_kernels", lambda device: frozenset(off[device.index]))
    assert [device["turned_off"] for device in probe()["devices"]] == [[], ["mlp", "stage"], []]
