from __future__ import annotations

import os

import pytest
import torch

from tests.conftest import Run


def test_threads_are_those_asked_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "2")
    before = torch.get_num_threads()
    try:
        run("sample", "--model", "hit-ti-shapes32", "--seeds", 0, "--threads", 1)
        assert torch.get_num_threads() == 1
        assert os.environ["OMP_NUM_THREADS"] == "1"  # for processes that are started from here
        run("sample", "--model", "hit-ti-shapes32", "--seeds", 1, "--threads", 2, "--out", "other")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("verb", ["train", "sample", "render", "eval", "bench train", "bench sample"])
def test_threads_are_an_option_wherever_a_cpu_computes(run: Run, verb: str) -> None:
    assert "--threads" in run(*verb.split(), "--help").stdout
    assert "--threads" in run(*verb.split(), "x", "--threads", 0, code=2).stderr
