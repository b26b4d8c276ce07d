"""Several processes that add up a tensor, as training on several devices does."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import torch
import torch.distributed as dist

from hitzoo.data.parallel_map import init_worker
from hitzoo.doctor.check import Measured, NotApplicable, reason_of
from hitzoo.runtime.gloo_output import without_gloo_output

PATIENCE = 60.0  # seconds until the processes must be done
_NUMEL = {"gloo": 1 << 20, "nccl": 1 << 24}
_TURNS = 3

Member = Callable[[Connection, int, int, str, str], None]


def all_reduce(backend: str, size: int) -> Measured:
    """Let `size` processes sum a tensor, check the sum in each, and measure the bytes reduced per second."""
    if not dist.is_available() or not dist.is_backend_available(backend):
        raise NotApplicable(f"this torch was built without {backend}")
    with tempfile.TemporaryDirectory(prefix="hitzoo-doctor-") as folder:
        rates = _run(_member, backend, size, folder)
    return Measured(value=min(rates), unit="B/s")


def _run(member: Member, backend: str, size: int, folder: str) -> list[float]:
    context = multiprocessing.get_context("spawn")
    doors, processes = [], []
    try:
        for rank in range(size):
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=member, args=(theirs, rank, size, backend, folder))
            process.start()
            theirs.close()
            doors.append(ours)
            processes.append(process)
        end = time.monotonic() + PATIENCE
        return [_told(door, rank, end) for rank, door in enumerate(doors)]
    finally:
        for process in processes:
            _end(process)


def _told(door: Connection, rank: int, end: float) -> float:
    """Return the rate that a process measured."""
    if not door.poll(max(0.0, end - time.monotonic())):
        raise TimeoutError(f"process {rank} did not meet the others within {PATIENCE:.0f} seconds")
    try:
        found = door.recv()
    except EOFError:
        raise RuntimeError(f"process {rank} ended without a word") from None
    if isinstance(found, str):
        raise RuntimeError(f"process {rank}: {found}")
    return float(found)


def _end(process: BaseProcess) -> None:
    process.join(1.0)
    if process.is_alive():
        process.kill()
        process.join()


def _member(door: Connection, rank: int, size: int, backend: str, folder: str) -> None:
    """Be one of the processes."""
    init_worker()
    try:
        door.send(_rate(rank, size, backend, folder))
    except Exception as error:
        door.send(reason_of(error))


def _rate(rank: int, size: int, backend: str, folder: str) -> float:
    device = torch.device("cpu")
    if backend == "nccl":
        device = torch.device("cuda", rank)
        torch.cuda.set_device(device)
    with without_gloo_output():
        dist.init_process_group(
            backend,
            init_method=(Path(folder) / "meeting").as_uri(),
            rank=rank,
            world_size=size,
            timeout=timedelta(seconds=PATIENCE),
        )
    own = torch.arange(_NUMEL[backend], device=device, dtype=torch.float32) % 97 + rank
    best = float("inf")
    for _ in range(_TURNS):
        total = own.clone()
        began = time.perf_counter()
        dist.all_reduce(total)
        checked = bool((total == (own - rank) * size + size * (size - 1) / 2).all())  # waits for the device
        best = min(best, time.perf_counter() - began)
        if not checked:
            raise ArithmeticError("the sum of all processes is wrong")
    dist.destroy_process_group()
    return total.numel() * total.element_size() / best
