"""A full memory in a verb other than train, whose own words are tested with it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hitzoo.cli.full_memory import describe_full_memory
from hitzoo.sampling.sampler import Sampler
from tests.conftest import Run

FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB.\nException raised from malloc at …")


@pytest.mark.parametrize(
    "error", [FULL, RuntimeError("CUDA error: out of memory"), MemoryError("Unable to allocate 9 GiB")]
)
def test_full_memory_is_one_message(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Sampler, "_images", fail)
    said = run("sample", "hit-ti-shapes32", "--out", tmp_path / "images", "--device", "cpu", code=2).stderr
    assert said.startswith(f"out of memory ({str(error).splitlines()[0]}); do less at once: --batch-size")
    assert "Traceback" not in said


def test_other_errors_are_none_of_a_full_memory() -> None:
    assert describe_full_memory(RuntimeError("shapes do not fit")) is None
    assert describe_full_memory(KeyError("memory")) is None
