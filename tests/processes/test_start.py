"""A process forked from one that has torch behaves as one that an interpreter's start has made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes.start import Starter

PROBE = """
import json, os, signal, sys
state = {
    "argv": sys.argv[1:],
    "path": [path for path in sys.path if not os.path.basename(path).startswith("tmp")],  # torch 2.8 adds one
    "folder": os.getcwd(),
    "env": dict(os.environ),
    "parent": os.getppid(),
    "leader": os.getsid(0) == os.getpid(),
    "signals": [str(signal.getsignal(number)) for number in range(1, signal.NSIG)],
    "open": sorted(os.listdir("/proc/self/fd")),
    "threads": len(os.listdir("/proc/self/task")),
    "hitzoo": [name for name in sys.modules if name.split(".")[0] in ("hitzoo", "tests")],
    "input": sys.stdin.read(),
}
print(json.dumps(state, sort_keys=True))
sys.exit(7)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere every start is real")
def test_forked_process_is_as_a_real_one(start_hitzoo: Starter, tmp_path: Path) -> None:
    env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path[:1]])}
    (tmp_path / "sitecustomize.py").write_text("import os\nos.environ['FIRST'] = 'here'\n")

    def said(*, real: bool) -> str:
        process = start_hitzoo("list", "--json", cwd=tmp_path, env=env, before=PROBE, session=True, real=real)
        out, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (7, "")
        return out

    forked, real = said(real=False), said(real=True)
    assert '"FIRST": "here"' in forked
    assert forked == real


def test_forked_process_obeys_signals_and_prints_through_its_pipes(start_hitzoo: Starter, tmp_path: Path) -> None:
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    before = "import os, sys, time; print('ready', flush=True); time.sleep(60)"
    process = start_hitzoo("list", cwd=tmp_path, env=env, before=before)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert start_hitzoo("--version", cwd=tmp_path, env=env).communicate(timeout=60)[0].strip()


@pytest.mark.processes
def test_every_start_is_real_where_that_is_asked_for(tmp_path: Path) -> None:
    starter = Starter(real=True)
    process = starter("--version", cwd=tmp_path, env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert type(process) is subprocess.Popen
    assert process.communicate(timeout=60)[0].strip()
