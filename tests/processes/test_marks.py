"""A test that starts an interpreter says so by its mark."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys

import pytest


@pytest.mark.parametrize("words", [[sys.executable, "-c", ""], f"{sys.executable} -c ''"], ids=["words", "shell"])
def test_unmarked_test_may_not_start_an_interpreter(words: object) -> None:
    with pytest.raises(pytest.fail.Exception, match="is not marked `processes`"):
        subprocess.run(words, shell=isinstance(words, str), check=True)  # type: ignore[call-overload]
    with pytest.raises(pytest.fail.Exception, match="is not marked `processes`"):
        multiprocessing.get_context("spawn").Process(target=print).start()
    assert subprocess.run(["true"], check=True).returncode == 0


@pytest.mark.processes
def test_marked_test_may() -> None:
    assert subprocess.run([sys.executable, "-c", ""], check=True).returncode == 0


@pytest.mark.usefixtures("start_hitzoo")
def test_fixture_that_starts_processes_brings_the_mark(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("processes") is not None
