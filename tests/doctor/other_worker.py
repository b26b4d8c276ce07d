"""What a worker process may be asked in tests."""

from __future__ import annotations

import os
import signal
import time
from typing import Any


def answer(question: str, *given: Any) -> Any:
    if question == "which":
        return os.getpid()
    if question == "print":
        os.write(1, b"to nobody\n")
        return "printed"
    if question == "kill":
        os.write(2, b"terminate called after throwing\n\n")
        os.kill(os.getpid(), signal.SIGKILL)
    if question == "leave":
        os._exit(3)
    if question == "hang":
        time.sleep(600)
    raise ValueError(f"{question}?\nmore of it")


def failing_member(door: Any, rank: int, size: int, backend: str, folder: str) -> None:
    """The last of several processes fails in one of three ways, by their number; the others are well."""
    if rank < size - 1:
        door.send(1.0)
    elif size == 1:
        door.send("RuntimeError: no route to host")
    elif size == 3:
        time.sleep(600)
