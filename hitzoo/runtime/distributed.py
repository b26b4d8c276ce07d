"""Several processes, one device each, training one model: their ranks, and their collective operations.

`torchrun` starts the processes and sets their environment; a single process is a world of one and communicates nothing.
"""

from __future__ import annotations

import atexit
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

from hitzoo.errors import HitzooError, RequestError, RunError
from hitzoo.runtime.gloo_output import without_gloo_output
from hitzoo.runtime.launcher import LaunchEnvironment, announced_size, launch_environment
from hitzoo.runtime.lost_process import own_words, tells_of_another
from hitzoo.runtime.rendezvous import join_store
from hitzoo.runtime.shard import Shard

__all__ = ["ALONE", "World", "announced_size", "process_group"]

_PATIENCE = timedelta(hours=2)  # the others wait while the first evaluates
_BACKENDS = {"cpu": "gloo", "cuda": "nccl", "xpu": "xccl"}


@dataclass(frozen=True)
class World:
    """All processes of a run, seen from one of them."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """True in the process that writes the files and shows the progress."""
        return self.rank == 0

    @property
    def shard(self) -> Shard:
        """This process's part of a global batch."""
        return Shard(self.rank, self.size)

    def all_reduce_sum(self, values: torch.Tensor) -> torch.Tensor:
        """Sum over all processes, in place."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def all_reduce_min(self, value: int, device: torch.device) -> int:
        """Minimum over all processes."""
        if self.size == 1:
            return value
        numbers = torch.tensor([value], device=device)
        dist.all_reduce(numbers, dist.ReduceOp.MIN)
        return int(numbers)

    def total(self, value: int, device: torch.device) -> int:
        """Sum of one number per process; all of them have come here when it returns."""
        return value if self.size == 1 else int(self.all_reduce_sum(torch.tensor([value], device=device)))

    def barrier(self) -> None:
        """Return when all processes have come here."""
        if self.size > 1:
            dist.barrier()

    def gather(self, rows: torch.Tensor, device: torch.device) -> list[torch.Tensor] | None:
        """Gather one CPU tensor of the same shape per process, by rank, in the first process; None elsewhere."""
        if self.size == 1:
            return [rows]
        own = rows.to(device)
        parts = [torch.empty_like(own) for _ in range(self.size)]
        dist.all_gather(parts, own)
        return [part.cpu() for part in parts] if self.first else None

    def all_gather_names(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Gather all processes' names, each once."""
        if self.size == 1:
            return names
        told: list[tuple[str, ...]] = [()] * self.size
        dist.all_gather_object(told, names)
        return tuple(dict.fromkeys(name for part in told for name in part))

    def broadcast_from_first(self, decide: Callable[[], Any]) -> Any:
        """Call `decide` in the first process and return its result (JSON data) in every process.

        If it fails, the first process raises and the others exit quietly.
        """
        if self.size == 1:
            return decide()
        told: list[Any] = [None, 0]
        failure: HitzooError | None = None
        if self.first:
            try:
                told[0] = json.dumps(decide())
            except HitzooError as error:
                failure, told[1] = error, error.exit_code
        dist.broadcast_object_list(told)
        if told[0] is not None:
            return json.loads(told[0])
        dist.barrier()  # the first may exit at once: the others have been told by now
        leaving: BaseException = failure if failure is not None else SystemExit(told[1])
        raise _in_all_processes(leaving)


ALONE = World()


@contextmanager
def process_group(
    device: torch.device, tell: Callable[[str], None] = lambda message: None, *, on_loss: str = "Continue with --resume"
) -> Iterator[World]:
    """Join the launcher's process group: NCCL between CUDA devices, XCCL between XPUs, gloo between CPUs.

    The group is left at the end, and after an error that every process has. After an error of this process alone it
    is not: to leave waits for the others, which wait for this one. The process should exit, which ends the others.

    `tell` is called with a message while processes are awaited; `on_loss` is the way on when another has exited.

    Raises:
        RequestError: torch has no backend for the device, or the environment does not say where they meet.
        RunError: one does not come or has gone, or NCCL fails in this one.
    """
    who = launch_environment()
    if who.alone:
        yield ALONE
        return
    _form_group(who, device, tell)
    try:
        yield World(dist.get_rank(), dist.get_world_size())
    except BaseException as error:
        if getattr(error, _EVERYWHERE, False):
            _leave_group()
        if tells_of_another(error):
            gone = f"another process of this run has exited ({own_words(error)}); see its own message"
            raise RunError(f"{gone}. {on_loss}") from error
        if isinstance(error, dist.DistBackendError):
            raise RunError(f"the processes can no longer work together: {own_words(error)}") from error
        raise
    _leave_group()


_EVERYWHERE = "hitzoo_everywhere"  # of an exception: every process raises it


def _in_all_processes(error: BaseException) -> BaseException:
    setattr(error, _EVERYWHERE, True)
    return error


_left: list[Any] = []
atexit.register(_left.clear)


def _leave_group() -> None:
    """Leave the group, whose object ends when the next one is formed or at exit.

    DistributedDataParallel holds it too, and lives longer than the run. Were that the last to let go, the group would
    end while Python's lock is held: it waits for gloo's threads, and one that has yet to free a tensor of the last
    operation waits for the lock. That was seen on a busy machine with torch 2.8. The reference here gives the lock up.
    """
    _left[:] = [dist.group.WORLD]
    with suppress(RuntimeError):
        dist.destroy_process_group()


def _form_group(who: LaunchEnvironment, device: torch.device, tell: Callable[[str], None]) -> None:
    """Form the group within minutes; later operations may take as long as an evaluation."""
    backend = _backend(device)
    if dist.is_initialized():
        raise RunError(
            "an earlier run of this process ended with an error and is still joined to the other processes; start the"
            " processes anew"
        )
    _left.clear()
    store = join_store(who, tell)
    _refuse_mixed(store, who, device)
    store.set_timeout(_PATIENCE)
    try:
        with without_gloo_output():
            dist.init_process_group(
                backend,
                store=dist.PrefixStore(f"hitzoo/{who.attempt}/group", store),  # type: ignore[attr-defined]
                rank=who.rank,
                world_size=who.size,
                timeout=_PATIENCE,
                device_id=None if device.type == "cpu" else device,
            )
    except (ValueError, RuntimeError) as error:  # dist.DistError is one of the latter
        raise RunError(
            f"WORLD_SIZE is {who.size}, but the processes cannot work together ({own_words(error)})"
        ) from None


def _refuse_mixed(store: Any, who: LaunchEnvironment, device: torch.device) -> None:
    """Refuse another kind of device than the first process has; the two would wait for each other's backend."""
    key = f"hitzoo/{who.attempt}/device"
    if who.rank == 0:
        store.set(key, device.type)
    first = store.get(key).decode()
    if first != device.type:
        raise RunError(
            f"process {who.rank} of {who.size} computes on {device.type}, process 0 on {first}; give all of them the"
            " same --device"
        )


def _backend(device: torch.device) -> str:
    backend = _BACKENDS[device.type]
    if not dist.is_backend_available(backend):
        raise RequestError(
            f"this torch has no {backend.upper()}, by which several processes on {device.type} work together; start one"
        )
    return backend
