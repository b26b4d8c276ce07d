"""Two processes of one job: what becomes of it when one fails, and what torch says of its gradients' strides."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.gpu_day.part import Setup

_PATIENCE = 60.0  # seconds for the job to end once a process has failed
_FAILING = """
from hitzoo.errors import OutputError
from hitzoo.training.run.writer import RunWriter
def save(*_):
    raise OutputError("cannot write: the disk is full")
RunWriter.save = save
"""


def one_fails(setup: Setup) -> Iterator[dict[str, Any]]:
    """The first process cannot save while the second waits in an all-reduce: torchrun is to return."""
    with TemporaryDirectory(prefix="hitzoo-job-") as folder:
        words = ["train", "hit-ti-shapes32", "--out", f"{folder}/run", "--data", "synthetic", "--batch-size", "8"]
        words += ["--checkpoint-every", "2", "--steps", "1000", "--device", setup.device]
        code, seconds, said = _job(words, Path(folder), before=_FAILING)
    told = "the disk is full" in said
    yield {"returned": code is not None, "exit code": code, "seconds": seconds, "says why": told}


def strides(setup: Setup) -> Iterator[dict[str, Any]]:
    """Whether torch warns of gradients whose strides are not their bucket's."""
    for compiled in (False,) if setup.small else (False, True):
        with TemporaryDirectory(prefix="hitzoo-job-") as folder:
            words = ["train", "hit-ti-shapes32", "--out", f"{folder}/run", "--data", "synthetic", "--batch-size", "8"]
            words += ["--steps", "3", "--device", setup.device, *(["--compile"] if compiled else [])]
            code, seconds, said = _job(words, Path(folder))
        warned = said.count("do not match bucket view strides")
        yield {"compiled": compiled, "exit code": code, "seconds": seconds, "warnings": warned}


def _job(words: list[str], folder: Path, before: str = "") -> tuple[int | None, float, str]:
    """Run a command by two processes; return its exit code, or None where it had to be ended."""
    script = folder / "job.py"
    script.write_text(f"{before}\nfrom hitzoo.__main__ import main\nmain()\n", encoding="utf-8")
    launcher = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--rdzv-backend", "c10d"]
    command = [sys.executable, *launcher, "--rdzv-endpoint", "localhost:0", str(script), *words]
    began = time.monotonic()
    with (folder / "said").open("w+", encoding="utf-8", errors="replace") as said:
        streams = {"stdout": said, "stderr": said, "env": os.environ | {"OMP_NUM_THREADS": "1"}}
        job = subprocess.Popen(command, start_new_session=True, **streams)  # type: ignore[call-overload]
        try:
            code = job.wait(_PATIENCE + 30)
        except subprocess.TimeoutExpired:
            code = None
            os.killpg(job.pid, signal.SIGKILL)
            job.wait()
        said.seek(0)
        return code, time.monotonic() - began, said.read()
