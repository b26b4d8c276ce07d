"""What a launcher's variables say, and what half of them does not."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hitzoo.errors import HitzooError
from hitzoo.runtime.launcher import LaunchEnvironment, launch_environment
from tests.conftest import Run
from tests.processes.start import Starter
from tests.training.conftest import TINY

NAMES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({}, LaunchEnvironment()),
        ({"WORLD_SIZE": "1"}, LaunchEnvironment()),
        ({"RANK": "0"}, LaunchEnvironment()),
        ({"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1"}, LaunchEnvironment()),
        ({"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}, LaunchEnvironment(3, 4, 1, 2)),
    ],
)
def test_launcher_is_understood(monkeypatch, said, meant) -> None:
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    assert launch_environment() == meant


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"RANK": ""}, "RANK is '', not a number"),
        ({"RANK": "x"}, "RANK is 'x', not a number"),
        ({"RANK": "-1", "WORLD_SIZE": "2"}, "RANK is '-1'"),
        ({"RANK": "²"}, "RANK is '²'"),
        ({"RANK": "9" * 30}, "RANK is '999"),
        ({"RANK": "3"}, "RANK is 3, but WORLD_SIZE is not set"),
        ({"RANK": "5", "WORLD_SIZE": "2"}, "RANK is 5, but WORLD_SIZE is 2: the ranks are 0 to 1"),
        ({"RANK": "1", "WORLD_SIZE": "1"}, "RANK is 1, but WORLD_SIZE is 1"),
        ({"WORLD_SIZE": ""}, "WORLD_SIZE is '', not a number of processes"),
        ({"WORLD_SIZE": "0"}, "WORLD_SIZE is '0'"),
        ({"WORLD_SIZE": " 2"}, "WORLD_SIZE is ' 2'"),
        ({"LOCAL_RANK": ""}, "LOCAL_RANK is ''"),
        ({"LOCAL_WORLD_SIZE": ""}, "LOCAL_WORLD_SIZE is ''"),
        ({"LOCAL_WORLD_SIZE": "0"}, "LOCAL_WORLD_SIZE is 0"),
        ({"LOCAL_RANK": "2", "LOCAL_WORLD_SIZE": "2"}, "LOCAL_RANK is 2, but LOCAL_WORLD_SIZE is 2"),
    ],
)
def test_launcher_variables_that_are_wrong_are_refused_at_once(run: Run, tmp_path, monkeypatch, said, message) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(HitzooError, match=re.escape(message)):
        launch_environment()
    monkeypatch.setattr("hitzoo.cli.process.os._exit", sys.exit)
    assert message in run("train", "tiny.yaml", "--out", "run", code=2).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.yaml"]


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ({"WORLD_SIZE": "2"}, "RANK, MASTER_ADDR, MASTER_PORT not set"),
        ({"WORLD_SIZE": "2", "RANK": "0"}, "MASTER_ADDR, MASTER_PORT not set"),
        ({"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "localhost", "MASTER_PORT": ""}, "MASTER_PORT not set"),
        ({"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "localhost", "MASTER_PORT": "x"}, "MASTER_PORT is 'x'"),
        ({"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "localhost", "MASTER_PORT": "70000"}, "not a port"),
    ],
)
def test_several_processes_must_know_where_they_meet(run: Run, tmp_path, monkeypatch, said, missing) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("hitzoo.cli.process.os._exit", sys.exit)
    assert missing in run("train", "tiny.yaml", "--out", "run", "--device", "cpu", code=2).stderr


@pytest.fixture
def alone_of_two(tmp_path: Path, start_hitzoo: Starter):
    """`start(rank, seconds)`: one of two processes of which the other never comes."""
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    port = 20_000 + os.getpid() % 20_000
    started: list[subprocess.Popen[str]] = []

    def start(rank: int, seconds: int) -> subprocess.Popen[str]:
        said = {"RANK": rank, "WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        said |= {"HITZOO_MEETING_SECONDS": seconds, "OMP_NUM_THREADS": 1}
        process = start_hitzoo(
            *["train", "tiny.yaml", "--out", "run", "--device", "cpu"],
            cwd=tmp_path,
            env=os.environ | {name: str(value) for name, value in said.items()},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.mark.parametrize("rank", [0, 1])
def test_a_process_that_never_comes_is_told_and_not_waited_for(alone_of_two, tmp_path, rank) -> None:
    _, errors = alone_of_two(rank, seconds=2).communicate(timeout=90)
    assert "Traceback" not in errors
    expected = "process 1 of 2 did not come to 127.0.0.1" if rank == 0 else "cannot be reached within 2 s"
    assert expected in errors
    assert not (tmp_path / "run").exists()


def test_ctrl_c_gets_through_while_a_process_is_waited_for(alone_of_two) -> None:
    process = alone_of_two(0, seconds=100)
    assert process.stdout is not None
    assert "waiting for process 1 of 2" in process.stdout.readline()
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert time.monotonic() - asked < 15
    assert process.returncode == 130
    assert "Traceback" not in errors
