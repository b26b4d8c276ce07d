"""Which of several processes says what is wrong."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from hitzoo.cli.process import (
    immediate_exit,
    is_first,
    leave_message_to_first,
    message_of_process,
    unwind_on_signals,
)
from hitzoo.errors import DataError, Problem, RequestError, RunError, SpecError, UnknownNameError
from tests.conftest import Run


@pytest.fixture
def rank(monkeypatch):
    """Be one of so many."""

    def be(number: int, of: int) -> None:
        monkeypatch.setenv("RANK", str(number))
        monkeypatch.setenv("WORLD_SIZE", str(of))

    return be


@pytest.fixture
def waited(monkeypatch) -> list[float]:
    """The seconds that would have been waited."""
    seconds: list[float] = []
    monkeypatch.setattr("hitzoo.cli.process.time.sleep", seconds.append)
    return seconds


def test_a_process_alone_speaks_for_itself(monkeypatch) -> None:
    monkeypatch.delenv("RANK", raising=False)
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert is_first()
    assert message_of_process(RunError("it stops")) == "it stops"
    assert message_of_process(RequestError("not that")) == "not that"


@pytest.mark.parametrize(
    "error",
    [RequestError("not that"), UnknownNameError("not that"), SpecError("a.yaml", [Problem(1, 1, "name", "not that")])],
)
def test_what_all_meet_alike_is_said_by_the_first(rank, waited, error) -> None:
    rank(0, 2)
    assert is_first()
    leave_message_to_first(error)
    assert message_of_process(error) == str(error)
    assert waited == []
    rank(1, 2)
    assert not is_first()
    leave_message_to_first(error)
    assert len(waited) == 1
    assert message_of_process(error) == f"[process 1 of 2] {error}"


def test_what_one_meets_is_said_with_its_number(rank, waited) -> None:
    for number in (0, 1):
        rank(number, 2)
        for error in (RunError("it stops"), DataError("it stops")):
            leave_message_to_first(error)
            assert message_of_process(error) == f"[process {number} of 2] it stops"
    assert waited == []


@pytest.fixture
def left(monkeypatch) -> list[int]:
    """The codes with which the process would have been left at once."""
    codes: list[int] = []

    def leave(code: int) -> None:
        codes.append(code)
        raise SystemExit(code)

    monkeypatch.setattr("hitzoo.cli.process.os._exit", leave)
    return codes


@pytest.mark.parametrize(("code", "expected"), [(None, 0), (0, 0), (2, 2), (143, 143), ("a message", 1)])
def test_one_of_several_leaves_without_the_interpreters_own_end(rank, left, capsys, code, expected) -> None:
    for of in (1, 2):
        rank(0, of)
        with pytest.raises(SystemExit) as leaving, immediate_exit():
            print("all of it")
            raise SystemExit(code)
    assert leaving.value.code == expected
    assert left == [expected]
    assert capsys.readouterr().out == "all of it\n" * 2


def test_bug_of_one_of_several_is_printed_and_leaves_at_once(rank, left, capsys) -> None:
    """Its interpreter's end could wait for the others for ever."""
    rank(1, 2)
    with pytest.raises(SystemExit), immediate_exit():
        raise KeyError("x")
    assert left == [1]
    assert "KeyError: 'x'" in capsys.readouterr().err
    rank(0, 1)
    with pytest.raises(KeyError), immediate_exit():
        raise KeyError("x")
    assert left == [1]


def test_one_of_several_leaves_though_nobody_reads_its_output(rank, left, monkeypatch) -> None:
    def broken() -> None:
        raise BrokenPipeError

    rank(1, 2)
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(flush=broken))
    with pytest.raises(SystemExit), immediate_exit():
        raise SystemExit(2)
    assert left == [2]


def test_message_is_that_of_the_first_which_the_others_wait_for(run: Run, spec: Path, rank, left, monkeypatch) -> None:
    def ended(seconds: float) -> None:
        raise SystemExit(143)  # by the launcher, as the first has exited

    rank(1, 2)
    with monkeypatch.context() as patch:
        patch.setattr("hitzoo.cli.process.time.sleep", ended)
        done = run("train", spec, "--out", "a", "--precision", "float16", code=143)
    assert (done.stdout, done.stderr) == ("", "")
    rank(0, 2)
    done = run("train", spec, "--out", "a", "--precision", "float16", code=2)
    assert "--precision float16: not possible here; possible: float32, tf32, bf16" in done.stderr
    done = run("train", spec, "--out", "a", "--batch-per-device", "many", code=2)
    assert "--batch-per-device many: give a number of images, 1 or more, or auto" in done.stderr
    assert left == [143, 2, 2]


def test_a_signal_unwinds_the_command_and_one_just_after_it_does_not_disturb() -> None:
    tidied = False
    with pytest.raises(SystemExit) as leaving, unwind_on_signals():
        try:
            signal.raise_signal(signal.SIGTERM)
            raise AssertionError("goes on")
        finally:
            signal.raise_signal(signal.SIGTERM)
            tidied = True
    assert (leaving.value.code, tidied) == (143, True)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_signal_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with unwind_on_signals():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
