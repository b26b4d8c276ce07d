"""Several processes, one device each, training one model: their ranks, and their collective operations.

`torchrun` starts the processes and sets their environment; a single process is a world of one and communicates nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

from hitzoo.errors import ArgumentError, HitzooError, RequestError, RunError
from hitzoo.runtime.device import choose_device
from hitzoo.runtime.launcher import LaunchEnvironment, announced_size, launch_environment
from hitzoo.runtime.rendezvous import join_store
from hitzoo.runtime.shard import Shard

__all__ = ["ALONE", "World", "announced_size", "device_of_rank", "process_group"]

_PATIENCE = timedelta(hours=2)  # the others wait while the first evaluates
_LOST = ("connection", "peer", "gloo", "nccl", "socket", "timed out")


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
        if failure is not None:
            raise failure
        if told[0] is None:
            raise SystemExit(told[1])
        return json.loads(told[0])


ALONE = World()


def device_of_rank(name: str) -> torch.device:
    """Return the device of this process; with several processes on CUDA, the one of its local rank.

    Raises:
        RequestError: there is no such device, or there are fewer devices than processes.
    """
    device = choose_device(name)
    if launch_environment().alone or device.type != "cuda":
        return device
    number, count = launch_environment().local_rank, torch.cuda.device_count()
    if device.index is not None:
        raise ArgumentError("device", name, "every process needs its own device; write cuda")
    if number >= count:
        raise RequestError(f"this machine has {count} CUDA devices, too few for --nproc-per-node {number + 1}")
    device = torch.device("cuda", number)
    torch.cuda.set_device(device)
    return device


@contextmanager
def process_group(
    device: torch.device, tell: Callable[[str], None] = lambda message: None, *, on_loss: str = "Continue with --resume"
) -> Iterator[World]:
    """Join the launcher's process group, NCCL between CUDA devices and gloo elsewhere; leave it at the end.

    `tell` is called with a message while processes are awaited; `on_loss` is the way on when another has exited.

    Raises:
        RequestError: they do not come.
        RunError: another process has gone.
    """
    who = launch_environment()
    if who.alone:
        yield ALONE
        return
    _form_group(who, device, tell)
    try:
        yield World(dist.get_rank(), dist.get_world_size())
    except RuntimeError as error:
        if not any(word in str(error).lower() for word in _LOST):
            raise
        reason = str(error).splitlines()[0][:160]
        raise RunError(f"another process of this run has exited ({reason}); see its own message. {on_loss}") from error
    finally:
        with suppress(RuntimeError):
            dist.destroy_process_group()


def _form_group(who: LaunchEnvironment, device: torch.device, tell: Callable[[str], None]) -> None:
    """Form the group within minutes; later operations may take as long as an evaluation."""
    store = join_store(who, tell)
    store.set_timeout(_PATIENCE)
    own = device if device.type == "cuda" else None
    try:
        dist.init_process_group(
            "nccl" if own else "gloo",
            store=dist.PrefixStore(f"hitzoo/{who.attempt}/group", store),  # type: ignore[attr-defined]
            rank=who.rank,
            world_size=who.size,
            timeout=_PATIENCE,
            device_id=own,
        )
    except (ValueError, RuntimeError) as error:  # dist.DistError is one of the latter
        reason = str(error).splitlines()[0][:160]
        raise RequestError(f"WORLD_SIZE is {who.size}, but the processes cannot work together ({reason})") from None
