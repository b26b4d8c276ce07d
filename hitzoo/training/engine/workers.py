"""Processes that decode images: how many, and how they are started."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import torch

from hitzoo.runtime.launcher import launch_environment

_MOST = 8


def workers_for(device: torch.device, wanted: int | None) -> int:
    """As many as are wanted; else none where a CPU trains, and one a core, up to 8, beside another device."""
    if wanted is not None:
        return wanted
    if device.type == "cpu":
        return 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(_MOST, max(1, cores // launch_environment().local_size))


def start_method_for(device: torch.device) -> str | None:
    """Start method of decoding processes beside a device; None, as Python starts any, where a CPU trains.

    A fork of a process that has begun to use a GPU copies locks that threads of the driver and of NCCL hold, and has
    been seen to hang. A fork server is such a process's clean copy: it loads torch once for all of them.
    """
    if device.type == "cpu":
        return None
    return "forkserver" if sys.platform.startswith("linux") else "spawn"


@contextmanager
def without_main_module() -> Iterator[None]:
    """Start processes inside without the program's main module, which they would import as it stands.

    They need nothing of it; a script that trains at its top level would train again in each, and a program read from
    standard input cannot be imported.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def preload_fork_server(*modules: str) -> None:
    """Name the modules that a fork server, where none runs yet, loads before its first fork."""
    multiprocessing.get_context("forkserver").set_forkserver_preload(list(modules))
