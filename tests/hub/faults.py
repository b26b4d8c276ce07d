"""What can be made to go wrong with an answer of the loopback Hub."""

from __future__ import annotations

import re
import socket
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler


@dataclass
class Fault:
    """Something done to the next `times` answers whose request matches; `path` is a pattern, `origin` hub or storage.

    An answer may be another one (`status`, `headers`, `body`), late (`delay` seconds), end early in one of three ways
    (`cut_after` bytes; `cut` is `end`, `reset` or `stall`), have one byte altered (`flip`, its place), be shorter than
    it should be and say so (`truncate`), or ignore the range that was asked for. With `after_all` what was asked is
    done nevertheless, before the other answer is given.
    """

    path: str
    method: str = ""
    origin: str = ""
    times: int = 1
    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    cut_after: int | None = None
    cut: str = "end"
    flip: int | None = None
    truncate: int | None = None
    ignore_range: bool = False
    after_all: bool = False

    def matches(self, origin: str, method: str, path: str) -> bool:
        fitting = self.origin in ("", origin) and self.method in ("", method)
        return self.times > 0 and fitting and re.search(self.path, path) is not None

    def alter(self, content: bytes) -> bytes:
        if self.truncate is not None:
            content = content[: self.truncate]
        if self.flip is not None:
            content = content[: self.flip] + bytes([content[self.flip] ^ 1]) + content[self.flip + 1 :]
        return content


def break_off(handler: BaseHTTPRequestHandler, how: str, patience: float) -> None:
    """End a connection in the middle of an answer."""
    handler.wfile.flush()
    if how == "stall":
        threading.Event().wait(patience)
    if how == "reset":
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        handler.connection.shutdown(socket.SHUT_RDWR)
    handler.connection.close()
    handler.close_connection = True
