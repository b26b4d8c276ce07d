"""Output of the command to a terminal, a pipe or a file, through safe streams.

All output (ours, the option parser's, a library's log, a traceback) goes through two streams that replace `sys.stdout`
and `sys.stderr`. They escape control characters, replace characters that the output's encoding lacks, and survive an
output that is full, closed or no longer read. rich writes through a stream of its own that lets its colours and cursor
movements pass; text is escaped before it is drawn (`hitzoo.cli.console.console`).
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

from hitzoo.cli.encoding import encodable
from hitzoo.escape import visible
from hitzoo.files import reason_of

# rich's sequences: colours, cursor movement and visibility, erased lines, a carriage return
_OF_RICH = re.compile(r"(\x1b\[[0-9;]*[mABCDGHJK]|\x1b\[\?25[lh]|\r)")


class OutputLost(OSError):  # noqa: N818 - what happened
    """Standard output cannot be written; `at_head` is true if its reader simply closed it, as `head` does."""

    def __init__(self, error: OSError) -> None:
        super().__init__(
            f"cannot write the output: {reason_of(error)}"
        )  # without errno: no parser takes it for its own
        self.at_head = error.errno in (errno.EPIPE, errno.ECONNRESET)


class SafeStream(io.TextIOBase):
    """A stream that sanitises text for another; with `drawn` it is rich's and lets its sequences pass."""

    def __init__(self, target: TextIO, *, silent: bool, drawn: bool = False) -> None:
        self._target = target
        self._silent = silent  # an error stream: there is nowhere left to report to
        self._drawn = drawn
        self._door = self if drawn else SafeStream(target, silent=silent, drawn=True)

    @property
    def rich_proxied_file(self) -> SafeStream:
        """Stream for rich, which looks it up on `sys.stdout` by this name."""
        return self._door

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Encoding of the underlying stream."""
        return self._target.encoding or "utf-8"

    def write(self, text: str) -> int:
        """Write a text, escaped."""
        self._put(encodable(self._seen(text), self.encoding))
        return len(text)

    def write_exactly(self, text: str) -> None:
        """Write UTF-8 unchanged, for a file that programs read."""
        with self._losing():
            self._target.flush()
            self._target.buffer.write(text.encode("utf-8", "surrogateescape"))
            self._target.buffer.flush()

    def is_file(self) -> bool:
        """True if the output is a file (`>`), not a terminal or a pipe."""
        from stat import S_ISREG

        try:
            return S_ISREG(os.fstat(self._target.fileno()).st_mode)
        except (OSError, ValueError):
            return False

    def flush(self) -> None:
        """Flush the underlying stream."""
        with self._losing():
            self._target.flush()

    def close(self) -> None:
        """Do nothing: this stream does not own the underlying one, which may be closed before it."""

    def fileno(self) -> int:
        """Descriptor of the underlying stream."""
        return self._target.fileno()

    def isatty(self) -> bool:
        """True if the underlying stream is a terminal."""
        return self._target.isatty()

    def writable(self) -> bool:
        """Return True."""
        return True

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # prevents writing past this stream, as the parser does when it finds ASCII
            raise AttributeError(name)
        return getattr(self._target, name)

    def _seen(self, text: str) -> str:
        if not self._drawn:
            start = "\r" if text.startswith("\r") and self.isatty() else ""  # a library's progress bar
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
        """Discard further output, so that the interpreter's final flush succeeds."""
        with suppress(OSError, ValueError):
            descriptor = self._target.fileno()
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            os.close(nowhere)


@contextmanager
def guarded_output() -> Iterator[None]:
    """Route everything printed inside the block through safe streams."""
    _open_closed_descriptors()
    before = sys.stdout, sys.stderr
    sys.stdout = SafeStream(before[0] or _nowhere(), silent=False)
    sys.stderr = SafeStream(before[1] or _nowhere(), silent=True)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def print_exactly(text: str) -> None:
    """Print a document to standard output: unchanged if that is a file, else escaped."""
    if isinstance(sys.stdout, SafeStream) and sys.stdout.is_file():
        sys.stdout.write_exactly(text)
    else:
        sys.stdout.write(text.replace("\r\n", "\n"))


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - lives as long as the process


def _open_closed_descriptors() -> None:
    """Occupy descriptors 0, 1 and 2 if the caller closed them (`>&-`), so that no later file takes them."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
