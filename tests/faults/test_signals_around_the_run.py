"""Signals before the first step, after the last save, and those of batch systems in between."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.conftest import PATIENCE, Workshop, end, wait_for_step

pytestmark = pytest.mark.processes

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


def started(folder: Path, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ready(process: subprocess.Popen[str]) -> None:
    """Until the process has its own handlers: what comes before is the interpreter's, and ends it without a word."""
    deadline = time.monotonic() + PATIENCE
    status = Path(f"/proc/{process.pid}/cmdline")
    while time.monotonic() < deadline and b"hitzoo" not in status.read_bytes():
        time.sleep(0.001)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="the moment is found by /proc")
def test_signals_during_start_up_end_it_without_a_traceback(workshop: Workshop) -> None:
    moments = random.Random(0)
    for number, code in [*CODES.items()] * 2:
        process = started(workshop.folder, sys.executable, "-m", "hitzoo", "train", "tiny.yaml", "--out", "run")
        ready(process)
        time.sleep(0.15 + moments.uniform(0, 1.5))
        process.send_signal(number)
        out, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode in (code, -number), out + errors
        assert "Traceback" not in errors
        assert "terminate called" not in errors


def test_the_console_script_hears_ctrl_c_from_its_first_import_on(tmp_path: Path) -> None:
    """While the command's modules are loaded a KeyboardInterrupt would be a traceback."""
    (tmp_path / "typer.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n", encoding="utf-8")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from hitzoo.__main__ import main; main()"
    process = started(tmp_path, sys.executable, "-c", code)
    _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (130, "")


def test_a_signal_after_the_save_does_not_change_the_code(workshop: Workshop) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        process = workshop.start("--resume", "--set", "training.steps=4000")
        wait_for_step(process, 1 + max(workshop.saved(), default=0))
        process.send_signal(number)
        assert process.stdout is not None
        for line in process.stdout:
            if "stopped and saved" in line:
                break
        process.send_signal(number)
        _, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == CODES[number], errors
        assert errors == "run: preparing images and networks\n"


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2])
def test_the_warning_of_a_batch_system_saves_and_the_run_goes_on(
    workshop: Workshop, assert_as_undisturbed, number: signal.Signals
) -> None:
    process = workshop.start("--checkpoint-every", 1000, "--keep", 5, "--workers", 1)
    wait_for_step(process, 3)
    os.killpg(process.pid, number)  # the processes that decode images get it too
    printed = end(process, 0)
    (line,) = (line for line in printed.splitlines() if "saved at step" in line and "asked for" in line)
    assert f"as {number.name} asked for; the run goes on" in line
    step = int(line.split("step ")[1].split(",")[0])
    assert workshop.saved() == sorted({step, 12})
    assert_as_undisturbed(workshop)


def test_a_warning_and_then_the_end_saves_both_times(workshop: Workshop) -> None:
    process = workshop.start("--set", "training.steps=4000", "--checkpoint-every", 4000)
    wait_for_step(process, 2)
    process.send_signal(signal.SIGUSR1)
    assert process.stdout is not None
    for line in process.stdout:
        if "asked for" in line:
            break
    assert len(workshop.saved()) == 1
    process.send_signal(signal.SIGTERM)
    assert "stopped and saved at step" in end(process, 143)
    assert len(workshop.saved()) == 2
