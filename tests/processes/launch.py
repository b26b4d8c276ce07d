"""`hitzoo` in several processes of one machine, started as a launcher does it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import torch.distributed as dist

from tests.processes.start import Starter

ROOT = Path(__file__).parents[2]
PATIENCE = 120  # seconds, for what takes two


def launch(
    start: Starter, *words: object, count: int, folder: Path, before: Mapping[int, str] | None = None
) -> list[subprocess.Popen[str]]:
    """Start the processes by rank; `before` is Python that runs first in those of its ranks."""
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)  # finds a free port
    port = str(store.port)
    del store
    shared = {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    return [
        start(
            *words,
            cwd=folder,
            env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank), "OMP_NUM_THREADS": "1"},
            before=(before or {}).get(rank, ""),
        )
        for rank in range(count)
    ]


def run_alike(start: Starter, code: str, *, count: int) -> None:
    """Run Python in several processes; `{rank}` in it is a process's own number, and it ends by `os._exit(0)`."""
    before = {rank: code.format(rank=rank) for rank in range(count)}
    for left, _, errors in ends(launch(start, "--version", count=count, folder=ROOT, before=before)):
        assert left == 0, errors


def ends(processes: list[subprocess.Popen[str]]) -> list[tuple[int, str, str]]:
    """Exit code, output and errors of each; one that does not end is killed."""
    try:
        told = [process.communicate(timeout=PATIENCE) for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [(process.returncode, out, errors) for process, (out, errors) in zip(processes, told, strict=True)]
