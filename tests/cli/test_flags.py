"""The command line as a contract: no flag of a verb goes away or changes in taking a value; new ones are stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cli.flags import broken, current, stored
from tests.conftest import Run


def test_no_flag_goes_away() -> None:
    assert broken(stored(), current()) == []


def test_new_flags_are_stored() -> None:
    assert current() == stored(), "store new flags with: python -m tests.cli.flags"


@pytest.mark.parametrize(
    ("now", "gone"),
    [
        ({"sample": {"--seed": True, "--new": False}}, []),
        ({"sample": {}}, ["hitzoo sample --seed"]),
        ({"sample": {"--seed": False}}, ["hitzoo sample --seed"]),
        ({}, ["hitzoo sample --seed"]),
    ],
)
def test_broken_names_what_users_lose(now: dict[str, dict[str, bool]], gone: list[str]) -> None:
    assert broken({"sample": {"--seed": True}}, now) == gone


def test_earlier_names_work_and_are_not_shown(
    run: Run, spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for verb in ("sample", "eval", "train"):
        text = run(verb, "--help").stdout
        assert "--optimized" in text
        assert "--fast" not in text
    words = ("sample", spec, "--init", "random", "--seed", 1, "--device", "cpu", "--npy")
    for name in ("optimized", "fast"):
        run(*words, f"{name}.npy", f"--{name}")
    run(*words, "plain.npy")
    optimized, fast, plain = (np.load(tmp_path / f"{name}.npy") for name in ("optimized", "fast", "plain"))
    assert np.array_equal(optimized, fast)
    assert not np.array_equal(fast, plain)
