"""Images come from worker processes even where there is no shared memory, and without any where none can be started."""

from __future__ import annotations

import errno
import signal
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch

from hitzoo.data.open import open_source
from hitzoo.errors import DataError
from hitzoo.training.engine import batches as module
from hitzoo.training.engine.batches import batches
from hitzoo.training.engine.stream import TrainingStream
from hitzoo.training.run.events import NoEvents
from hitzoo.training.run.loop import train
from hitzoo.training.run.options import RunOptions


@pytest.fixture
def stream(tiny_spec, pictures) -> TrainingStream:
    return TrainingStream(open_source(str(pictures()), resolution=8), tiny_spec().data, 8, 3)


def read(stream: TrainingStream, workers: int) -> tuple[list[torch.Tensor], list[str]]:
    notes: list[str] = []
    found = batches(stream, first=0, last=3, batch_size=4, workers=workers, tell=notes.append)
    return [batch.images for batch in found], notes


def refuse_memory(tensor: torch.Tensor) -> torch.Tensor:
    raise RuntimeError("unable to allocate shared memory(shm) for file </torch_1>: No space left on device (28)")


def test_images_come_through_pipes_where_shared_memory_is_too_small(stream, monkeypatch) -> None:
    expected, notes = read(stream, 0)
    assert notes == []
    shared, notes = read(stream, 1)
    assert notes == []
    monkeypatch.setattr(torch.Tensor, "share_memory_", refuse_memory)
    piped, (note,) = read(stream, 1)
    assert "shared memory (/dev/shm) is too small" in note
    assert "--shm-size" in note
    for one, other, third in zip(expected, shared, piped, strict=True):
        assert torch.equal(one, other)
        assert torch.equal(one, third)


def test_what_stops_the_run_comes_through_pipes_too(stream, monkeypatch) -> None:
    monkeypatch.setattr(torch.Tensor, "share_memory_", refuse_memory)
    monkeypatch.setattr(TrainingStream, "__getitem__", lambda self, position: (_ for _ in ()).throw(DataError("gone")))
    with pytest.raises(DataError, match="gone"):
        read(stream, 1)


def test_images_are_decoded_here_where_no_process_can_be_started(stream, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    expected, _ = read(stream, 0)
    monkeypatch.setattr(module.multiprocessing, "Queue", full)
    found, (note,) = read(stream, 2)
    assert note == (
        "note: processes for decoding cannot be started (No space left on device); this one decodes the images itself"
    )
    assert all(torch.equal(one, other) for one, other in zip(expected, found, strict=True))


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no such clock")
def test_a_stop_gets_through_while_images_are_waited_for(tiny_spec, pictures, tmp_path, monkeypatch) -> None:
    """The worker reads from a place that answers no more."""
    monkeypatch.setattr("hitzoo.training.run.stop_signals.PATIENCE", 0.3)
    read_one = TrainingStream.__getitem__

    def hang(self: TrainingStream, position: int):
        if position >= 8 and torch.utils.data.get_worker_info() is not None:
            signal.pause()
        return read_one(self, position)

    class Stopping(NoEvents):
        def recorded(self, record) -> None:
            if record.step == 2:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(TrainingStream, "__getitem__", hang)
    options = RunOptions(out=tmp_path / "run", device="cpu", data=str(pictures()), workers=1, log_every=1)
    end = train(tiny_spec(), options, Stopping())
    assert (end.step, end.signal) == (2, signal.SIGTERM)
    assert end.checkpoint.name == "step-00000002"


@pytest.mark.processes
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is no fork server")
def test_workers_of_a_fork_server_make_the_same_images_deaf_to_the_runs_signals(stream, monkeypatch) -> None:
    expected, _ = read(stream, 0)
    loaders: list[Any] = []
    started = module._started
    monkeypatch.setattr(module, "_started", lambda *given: loaders.append(started(*given)) or loaders[-1])
    options = {"batch_size": 4, "workers": 1, "start_method": "forkserver"}
    with closing(batches(stream, first=0, last=3, **options)) as found:
        images = [next(found).images]
        (worker,) = loaders[0]._workers
        assert type(worker).__name__ == "ForkServerProcess"
        status = Path(f"/proc/{worker.pid}/status").read_text(encoding="utf-8")
        images += [batch.images for batch in found]
    assert all(torch.equal(one, other) for one, other in zip(expected, images, strict=True))
    blocked = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigBlk"))
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
    assert all(blocked >> (number - 1) & 1 for number in numbers)
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, set())
