"""A process that has loaded torch and nothing else, and forks; each child becomes `python -m hitzoo …`.

Loading torch takes 2 to 3 s of a processor, which is most of what a short command takes. Run as a script, with one
descriptor: a socket of whole messages. A request is JSON with three descriptors, for the child's input, output and
errors; the answer is the child's process id.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

LONGEST = 1 << 20  # bytes of a request: words, folder and environment


def serve(door: socket.socket, own_path: list[str]) -> None:
    """Fork for every request until the other side closes; returns in children, which are what was asked for."""
    door.send(b"ready")
    while True:
        message, descriptors, _, _ = socket.recv_fds(door, LONGEST, 3)
        if not message:
            sys.exit()
        reading, writing = os.pipe()
        between = os.fork()
        if not between:
            between, child = os.getpid(), os.fork()
            if not child:
                while os.getppid() == between:
                    time.sleep(0.001)
                os.close(reading)
                os.close(writing)
                door.close()
                return become(json.loads(message), descriptors, own_path)
            os.write(writing, str(child).encode())
            os._exit(0)  # the child is an orphan, and the tests' process takes it as its own
        os.waitpid(between, 0)
        os.close(writing)
        door.send(os.read(reading, 32))
        for descriptor in (reading, *descriptors):
            os.close(descriptor)


def become(request: dict[str, Any], descriptors: list[int], own_path: list[str]) -> None:
    """Be the process that was asked for, up to its first line of code."""
    if request["session"]:
        os.setsid()
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["env"])
    paths = [path for path in request["env"].get("PYTHONPATH", "").split(os.pathsep) if path]
    here = "" if request["before"] else request["folder"]  # as `python -c` has it, and as `python -m` does
    sys.path[:] = [here, *paths, *(path for path in own_path if path not in paths)]  # as site does
    sys.argv[:] = request["argv"]
    sys.modules.pop("sitecustomize", None)
    if any((Path(path) / "sitecustomize.py").is_file() for path in paths):
        importlib.import_module("sitecustomize")
    if request["before"]:
        exec(compile(request["before"], "<before>", "exec"), {"__name__": "__main__"})


def leave(code: int) -> None:
    """End as an interpreter does, except that all of torch is not taken apart, which takes a second of a processor."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except (OSError, ValueError):
        return  # the interpreter has words for it
    os._exit(code)


if __name__ == "__main__":
    import torch._dynamo  # noqa: F401  # which torch's optimizers load

    gc.freeze()  # or each child looks through all of torch for garbage, and so copies its memory
    atexit.register(gc.unfreeze)  # extension modules tell of what they find at the end
    inherited = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    try:
        serve(socket.socket(fileno=int(sys.argv[1])), [path for path in sys.path[1:] if path not in inherited])
        runpy._run_module_as_main("hitzoo")  # type: ignore[attr-defined]  # what `python -m hitzoo` does
    except SystemExit as leaving:
        if leaving.code is None or isinstance(leaving.code, int):
            leave(leaving.code or 0)
        raise
