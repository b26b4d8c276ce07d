"""Role of this process among several that torchrun started, and its end."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

from hitzoo.errors import Diverged, HitzooError, RequestError, SpecError, UnknownNameError

_LAUNCH = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
_TIDYING_UP = 2.0  # seconds in which another signal does not interrupt it; a later one does, in case the first was lost
_ENDED_BY_THEN = 10.0  # seconds after which a launcher has ended this process, if the first has exited with an error
_MET_BY_ALL = (Diverged, SpecError, RequestError, UnknownNameError)


def is_first() -> bool:
    """True if this process prints for all."""
    return _rank() == 0


def count() -> int:
    """Number of processes."""
    text = os.environ.get("WORLD_SIZE", "1")
    return int(text) if text.isdecimal() else 1


def is_restarted() -> bool:
    """True if torchrun has started the processes again after one had failed: what they had made is to be kept."""
    return os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") != "0"


def leave_to_first(words: Sequence[str], divided: Collection[str]) -> None:
    """Leave a verb that is not of `divided` to the first process: the others exit, and it goes on as if it were alone.

    `words` are those of the command line; its help is left to the first, too.
    """
    names = [word for word in words if not word.startswith("-")]
    given = {" ".join(names[:1]), " ".join(names[:2])}
    if count() == 1 or (given & set(divided) and not {"-h", "--help"} & set(words)):
        return
    if not is_first():
        sys.exit(0)
    if names:
        *most, last = sorted(divided)
        verbs = f"{', '.join(most)} and {last}"
        print(f"only the first of {count()} processes does this; {verbs} divide their work", file=sys.stderr)
    for name in _LAUNCH:
        os.environ.pop(name, None)


def message_of_process(error: HitzooError) -> str:
    """Message of this process for an error, with its number where the others may not meet it."""
    said = error.as_option or str(error)
    shared = isinstance(error, _MET_BY_ALL) and is_first()
    return said if _alone() or shared else f"[process {_rank()} of {os.environ['WORLD_SIZE']}] {said}"


def leave_message_to_first(error: HitzooError | None = None) -> None:
    """Wait in the others for the first, which says of an error (None: of a misused option) what all of them meet.

    Were they to exit before it has said so, the launcher would end it, and nobody would have said anything. Once it has
    exited the launcher ends those that wait; whoever is left must say it, for the first has not met it.
    """
    if not is_first() and (error is None or isinstance(error, _MET_BY_ALL)):
        time.sleep(_ENDED_BY_THEN)


@contextmanager
def unwind_on_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the command as Ctrl-C does, so that nothing half-written stays; codes 143 and 129.

    Training handles signals itself. With several processes the default action stays: they wait for each other in
    calls that no signal interrupts, and a launcher ends them.
    """
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    taken = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]  # nohup ignores SIGHUP
    if not _alone() or threading.current_thread() is not threading.main_thread():
        taken = []

    last = float("-inf")

    def leave(number: int, frame: FrameType | None) -> None:
        nonlocal last
        since, last = time.monotonic() - last, time.monotonic()
        if since >= _TIDYING_UP:
            raise SystemExit(128 + number)

    for number in taken:
        signal.signal(number, leave)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def immediate_exit() -> Iterator[None]:
    """Exit at once from the block if there are several processes; all files are written by then.

    During the interpreter's shutdown gloo's threads have aborted processes that had done all their work, and NCCL
    waits for processes that wait for this one. The launcher ends the others once one has exited with an error.
    """
    try:
        yield
    except SystemExit as leaving:
        if _alone():
            raise
        code = leaving.code or 0
        _exit_at_once(code if isinstance(code, int) else 1)
    except BaseException:
        if _alone():
            raise
        with suppress(OSError, ValueError):
            traceback.print_exc()
        _exit_at_once(1)


def _exit_at_once(code: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # nobody reads it any more
            stream.flush()
    os._exit(code)


def _alone() -> bool:
    return os.environ.get("WORLD_SIZE", "1") == "1"


def _rank() -> int:
    text = os.environ.get("RANK", "0")
    return int(text) if text.isdecimal() else 0
