"""The way out of the command: every letter it shows passes here, to a terminal, a pipe or a file.

Whatever is printed (by us, the option parser, the logging of a library, a traceback) goes through two streams that
stand in for `sys.stdout` and `sys.stderr`. They show control characters escaped, replace letters that the output's
encoding lacks, and outlive an output that is full, closed or no longer read. rich draws through a door of its own,
where its colours and cursor movements pass; what it draws is made visible before (`hitzoo.cli.console.console`).
"""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from hitzoo.cli.letters import encodable
from hitzoo.escape import visible
from hitzoo.files import reason_of

# what rich writes: colours, the cursor's moves and visibility, erased lines, a carriage return
_OF_RICH = re.compile(r"(\x1b\[[0-9;]*[mABCDGHJK]|\x1b\[\?25[lh]|\r)")


class OutputLost(OSError):  # noqa: N818 - what happened
    """Standard output takes no more; `at_head` is whether its reader simply left, as `head` does."""

    def __init__(self, error: OSError) -> None:
        super().__init__(
            f"cannot write the output: {reason_of(error)}"
        )  # without errno: no parser takes it for its own
        self.at_head = error.errno in (errno.EPIPE, errno.ECONNRESET)


class Outlet(io.TextIOBase):
    """A stream in front of another; with `drawn` it is the door of rich."""

    def __init__(self, target: TextIO, *, silent: bool, drawn: bool = False) -> None:
        self._target = target
        self._silent = silent  # an error stream: nobody is left to be told
        self._drawn = drawn
        self._door = self if drawn else Outlet(target, silent=silent, drawn=True)

    @property
    def rich_proxied_file(self) -> Outlet:
        """Where rich writes instead; it asks `sys.stdout` for this name."""
        return self._door

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The letters that can be written."""
        return self._target.encoding or "utf-8"

    def write(self, text: str) -> int:
        """Write what can be seen of a text."""
        self._put(encodable(self._seen(text), self.encoding))
        return len(text)

    def write_exactly(self, text: str) -> None:
        """Write UTF-8 as it is, for a file that is read by programs."""
        with self._losing():
            self._target.flush()
            self._target.buffer.write(text.encode("utf-8", "surrogateescape"))
            self._target.buffer.flush()

    def is_file(self) -> bool:
        """Whether this ends in a file, by `>`, and not at somebody's eyes or in a pipe."""
        from stat import S_ISREG

        try:
            return S_ISREG(os.fstat(self._target.fileno()).st_mode)
        except (OSError, ValueError):
            return False

    def flush(self) -> None:
        """Hand everything on."""
        with self._losing():
            self._target.flush()

    def close(self) -> None:
        """Nothing: the stream behind is not this one's, and a collected outlet may outlive it."""

    def fileno(self) -> int:
        """The descriptor behind."""
        return self._target.fileno()

    def isatty(self) -> bool:
        """Whether a terminal is behind."""
        return self._target.isatty()

    def writable(self) -> bool:
        """Yes."""
        return True

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # nobody writes past this stream, as the parser does where it finds ASCII
            raise AttributeError(name)
        return getattr(self._target, name)

    def _seen(self, text: str) -> str:
        if not self._drawn:
            start = "\r" if text.startswith("\r") and self.isatty() else ""  # a library's own progress bar
            return start + visible(text.removeprefix(start))
        parts = _OF_RICH.split(text)
        return "".join(part if index % 2 else visible(part) for index, part in enumerate(parts))

    def _put(self, text: str) -> None:
        with self._losing():
            self._target.write(text)

    @contextmanager
    def _losing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            if isinstance(error, ValueError) and not self._target.closed:
                raise
            self._give_up()
            if not self._silent:
                raise OutputLost(error if isinstance(error, OSError) else OSError(errno.EBADF, "closed")) from None

    def _give_up(self) -> None:
        """What is still to come goes nowhere, and the interpreter's own last flush succeeds."""
        with suppress(OSError, ValueError):
            descriptor = self._target.fileno()
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            os.close(nowhere)


@contextmanager
def guarded_output() -> Iterator[None]:
    """Let everything printed inside pass through outlets."""
    _open_closed_descriptors()
    before = sys.stdout, sys.stderr
    sys.stdout = Outlet(before[0] or _nowhere(), silent=False)
    sys.stderr = Outlet(before[1] or _nowhere(), silent=True)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def print_exactly(text: str) -> None:
    """A document on standard output: as it is where that is a file, else as can be seen."""
    if isinstance(sys.stdout, Outlet) and sys.stdout.is_file():
        sys.stdout.write_exactly(text)
    else:
        sys.stdout.write(text.replace("\r\n", "\n"))


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - lives as long as the process


def _open_closed_descriptors() -> None:
    """Where the caller closed 0, 1 or 2 (`>&-`), hold the number: the next file opened would be printed into."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
