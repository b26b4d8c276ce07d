"""The training stream read in batches, by processes of their own or in this one.

Images cross from a worker in shared memory. Where that is too small, as in containers, a batch goes through a pipe
instead: the same images, more slowly. Torch itself would raise in a thread whose errors are lost, and wait for ever.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from multiprocessing import resource_tracker
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset, Sampler, get_worker_info
from torch.utils.data._utils.signal_handling import _remove_worker_pids  # type: ignore[attr-defined]

from hitzoo.errors import DataError, RunError, UnreadableImage
from hitzoo.runtime.shard import WHOLE, Shard
from hitzoo.training.engine.stream import TrainingStream
from hitzoo.training.engine.workers import preload_fork_server, without_main_module

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")
_SIGNALS = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
_PATIENCE = 5.0  # seconds for the system to end a process
_NOTHING = torch.empty(0)
_TOO_SMALL = (
    "note: shared memory (/dev/shm) is too small for the images of {workers} workers; they come through pipes, which is"
    " slower. More of it: docker run --shm-size 1g, or mount -o remount,size=1g /dev/shm; or fewer: --workers 1"
)


@dataclass(frozen=True)
class Batch:
    """Images (B, R, R, C) as bytes, and the files that could not be read on the way to them.

    `failed` is set instead where the run must stop: an error cannot cross from a worker process with its type. `piped`
    holds the images on their way from a worker without shared memory.
    """

    images: torch.Tensor
    unreadable: tuple[UnreadableImage, ...] = ()
    failed: DataError | None = None
    piped: NDArray[np.uint8] | None = None


class _Steps(Sampler[list[int]]):
    """The positions of a shard of each step's batch, from `first` to `last` (exclusive) steps."""

    def __init__(self, first: int, last: int, batch_size: int, shard: Shard) -> None:
        self.first, self.last, self.batch_size, self.shard = first, last, batch_size, shard

    def __iter__(self) -> Iterator[list[int]]:
        for step in range(self.first, self.last):
            yield list(self.shard.of(range(step * self.batch_size, (step + 1) * self.batch_size)))

    def __len__(self) -> int:
        return self.last - self.first


class _Batches(Dataset[Batch]):
    """A stream read a batch at a time, so that what went wrong travels with the images."""

    def __init__(self, stream: TrainingStream) -> None:
        self.stream = stream

    def __getitem__(self, positions: list[int]) -> Batch:
        images: list[NDArray[np.uint8]] = []
        unreadable: dict[str, UnreadableImage] = {}
        for position in positions:
            try:
                image, skipped = self.stream[position]
            except DataError as error:
                return _portable(np.empty(0, np.uint8), failed=error)
            images.append(image)
            unreadable.update({error.name: error for error in skipped})
        return _portable(np.stack(images), tuple(unreadable.values()))


def _portable(
    images: NDArray[np.uint8], unreadable: tuple[UnreadableImage, ...] = (), failed: DataError | None = None
) -> Batch:
    """A batch that can leave the process it is made in: a worker puts them into shared memory, if there is any."""
    batch = Batch(torch.from_numpy(images), unreadable, failed)
    if get_worker_info() is None:
        return batch
    try:
        batch.images.share_memory_()
    except (RuntimeError, OSError):  # no space left, no file descriptor left, no /dev/shm
        return replace(batch, images=_NOTHING, piped=images)
    return batch


def batches(
    stream: TrainingStream,
    *,
    first: int,
    last: int,
    batch_size: int,
    workers: int,
    shard: Shard = WHOLE,
    pinned: bool = False,
    start_method: str | None = None,
    tell: Callable[[str], None] = lambda message: None,
) -> Iterator[Batch]:
    """A shard of the batches of steps `first` to `last` (exclusive), decoded in `workers` processes (0: in this one).

    `pinned` images lie in memory that a CUDA device can fetch from while it computes. `start_method` is
    `multiprocessing`'s for the workers, its default when absent. `tell` is called with a message about workers that
    could not be started, or have no shared memory.

    Raises:
        DataError: a file that cannot be read, unless the spec says to skip it; or no file that can.
        RunError: a worker process was killed.
    """
    told = False
    steps = _Steps(first, last, batch_size, shard)
    for batch in _explaining_lost_workers(_started(stream, steps, workers, start_method, tell)):
        if batch.piped is not None:
            batch = replace(batch, images=torch.from_numpy(batch.piped), piped=None)
            if not told:
                tell(_TOO_SMALL.format(workers=workers))
                told = True
        if batch.failed is not None:
            raise batch.failed
        yield replace(batch, images=batch.images.pin_memory()) if pinned else batch


def _leave_signals_to_the_run(worker: int) -> None:
    """Ignore signals to the whole process group: the run still needs images for the step it finishes."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Block the run's signals so that workers started here begin deaf to them: one that loads torch takes seconds."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # its own start would unblock some of them
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _started(
    stream: TrainingStream, steps: _Steps, workers: int, start_method: str | None, tell: Callable[[str], None]
) -> Iterator[Batch]:
    """The loader on its way; in this process where the system has no room for others."""
    if workers:
        if start_method == "forkserver":
            preload_fork_server(__name__)
        try:
            _rehearse_queues(workers)
            with ExitStack() as stack:
                if start_method is not None:
                    stack.enter_context(without_main_module())
                    stack.enter_context(_signals_blocked())
                return iter(_loader(stream, steps, workers, start_method))
        except OSError as error:
            reason = error.strerror or str(error)
            tell(f"note: processes for decoding cannot be started ({reason}); this one decodes the images itself")
    return iter(_loader(stream, steps, 0))


def _rehearse_queues(workers: int) -> None:
    """Make what the loader makes first, in /dev/shm on Linux; where the loader itself fails in it, it says so aloud."""
    queues: list[Any] = [multiprocessing.Queue() for _ in range(workers + 1)]
    for queue in queues:
        queue.close()


def _loader(stream: TrainingStream, steps: _Steps, workers: int, start_method: str | None = None) -> DataLoader[Batch]:
    return DataLoader(
        _Batches(stream),
        sampler=steps,
        batch_size=None,
        num_workers=workers,
        prefetch_factor=2 if workers else None,
        worker_init_fn=_leave_signals_to_the_run,
        multiprocessing_context=start_method if workers else None,
    )


def _explaining_lost_workers(loader: Iterator[Batch]) -> Iterator[Batch]:
    exhausted = False
    try:
        yield from loader
        exhausted = True
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        raise RunError(
            "a process that decodes images was killed, as by a system without free memory (or shared memory: /dev/shm);"
            " go on with --resume and fewer of them: --workers 1"
        ) from error
    finally:
        if not exhausted:
            _end_workers(loader)


def _end_workers(loader: Any) -> None:
    """Kill workers whose images are not wanted: one that waits for a disk that does not answer obeys nothing else.

    Torch would wait for each of them, and at last send what they leave to the run, SIGTERM.
    """
    workers = getattr(loader, "_workers", ())
    if not workers or loader._shutdown:
        return
    loader._shutdown = True  # its own way would wait for locks that killed workers hold
    if loader._worker_pids_set:
        _remove_worker_pids(id(loader))  # they are not missed
        loader._worker_pids_set = False
    for worker in workers:
        worker.kill()
    for worker in workers:
        worker.join(_PATIENCE)
    for queue in loader._index_queues:
        queue.cancel_join_thread()
        queue.close()
