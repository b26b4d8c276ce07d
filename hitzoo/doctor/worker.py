"""A process that loads torch and carries out checks; when it is lost, or takes too long, another takes its place."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from hitzoo.data.parallel_map import init_worker, signals_blocked
from hitzoo.doctor.check import reason_of
from hitzoo.runtime.wait_policy import adaptive_waiting

_FAREWELL = 3.0  # seconds that a process has to end by itself
_LONGEST = 200  # characters of a line


class Lost(Exception):  # noqa: N818 - what is the case
    """The process has gone, hangs, or could not answer; its text says which."""


class Answering(Protocol):
    """Source of answers to the questions of `hitzoo.doctor.answers`."""

    def ask(self, question: str, *given: Any, patience: float) -> Any:
        """Return the answer, within `patience` seconds."""

    def renew(self) -> None:
        """Start afresh: a device may not work again in a process in which it failed."""


class Worker:
    """The process, started by its first question; a context manager, at whose end it is gone.

    In it `answer` is called with a question and what was given; `hitzoo.doctor.answers` has the usual one.
    """

    def __init__(self, answer: Callable[..., Any] | None = None) -> None:
        self._answer = answer
        self._process: multiprocessing.process.BaseProcess | None = None
        self._door: Connection | None = None
        self._log = Path(os.devnull)

    def __enter__(self) -> Self:
        with suppress(OSError):  # no folder that can be written: what is printed is lost, and no more
            descriptor, name = tempfile.mkstemp(prefix="hitzoo-doctor-", suffix=".log")
            os.close(descriptor)
            self._log = Path(name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._kill()  # at once: a user who stops the command waits for nobody
        self.renew()
        if self._log != Path(os.devnull):
            with suppress(OSError):
                self._log.unlink()

    def ask(self, question: str, *given: Any, patience: float) -> Any:
        """Return the answer to a question.

        Raises:
            Lost: there is none; the next question goes to a fresh process.
        """
        door = self._door or self._start()
        try:
            door.send((question, given))
            if not door.poll(patience):
                self._kill()
                raise Lost(f"not done after {patience:.0f} seconds, and ended")
            said, answer = door.recv()
        except (EOFError, OSError):
            raise Lost(self._epitaph()) from None
        if not said:
            raise Lost(answer)
        return answer

    def renew(self) -> None:
        """Send the process away."""
        if self._door is not None:
            self._door.close()
        if self._process is not None:
            self._process.join(_FAREWELL)
            self._kill()

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        self._door, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, str(self._log), self._answer), name="hitzoo-doctor"
        )
        with signals_blocked():
            self._process.start()
        theirs.close()
        return self._door

    def _kill(self) -> None:
        if self._process is not None:
            if self._process.is_alive():
                self._process.kill()
            self._process.join()
        self._process = self._door = None

    def _epitaph(self) -> str:
        """Describe how the process ended, with the last line that it wrote."""
        code = None
        if self._process is not None:
            self._process.join(_FAREWELL)
            code = self._process.exitcode
        self._kill()
        how = f"ended with code {code}"
        if code is not None and code < 0:
            how = f"was ended by {signal.Signals(-code).name}"
        with suppress(OSError):
            lines = self._log.read_text(encoding="utf-8", errors="replace").split("\n")
            last = next((line.strip() for line in reversed(lines) if line.strip()), "")
            return f"its process {how}" + (f" ({last[:_LONGEST]})" if last else "")
        return f"its process {how}"


def _serve(door: Connection, log: str, answer: Callable[..., Any] | None) -> None:
    """Answer questions until there are no more; what libraries print goes to the log."""
    init_worker()
    descriptor = os.open(log, os.O_WRONLY | os.O_TRUNC | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    with adaptive_waiting():
        while True:
            try:
                question, given = door.recv()
            except (EOFError, OSError):
                return
            try:
                reply = True, (answer or _usual())(question, *given)
            except Exception as error:
                reply = False, reason_of(error)
            with suppress(BrokenPipeError):
                door.send(reply)


def _usual() -> Callable[..., Any]:
    """Load torch, and what answers with it."""
    from hitzoo.doctor.answers import answer

    return answer
