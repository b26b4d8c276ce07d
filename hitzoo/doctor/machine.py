"""The operating system, the processor and its memory."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hitzoo.doctor.byte_size import byte_size
from hitzoo.doctor.report import Fact, Section
from hitzoo.runtime.free_memory import free_memory
from hitzoo.runtime.wait_policy import processors


def machine(found: Mapping[str, Any] | None) -> Section:
    """Operating system, processor, number of cores, threads and memory."""
    usable, all_of_them = len(processors()), os.cpu_count() or 1
    capability = found["cpu_capability"] if found else None
    threads = found["threads"] if found else None
    total, free = _total_memory(), free_memory()
    facts = [
        Fact(key="os", label="system", text=_system(), value=_system()),
        Fact(key="architecture", label="", text="", value=platform.machine()),
        Fact(key="processor", label="processor", text=_processor(), value=_processor()),
        Fact(key="cpu_capability", label="instructions", text=capability or "", value=capability),
        Fact(
            key="processors",
            label="cores",
            text=f"{usable}" if usable == all_of_them else f"{usable} of {all_of_them} may be used",
            value=usable,
        ),
        _threads(threads, usable),
        Fact(key="memory", label="memory", text=byte_size(total) if total else "unknown", value=total),
        Fact(key="free_memory", label="free memory", text=byte_size(free), value=free),
    ]
    return Section(key="machine", title="Machine", about="What the CPU side has to work with.", facts=tuple(facts))


def _threads(threads: int | None, usable: int) -> Fact:
    """Threads of torch, with advice where there are more than cores."""
    hint = ""
    if threads is not None and threads > usable:
        hint = f"more threads than cores wait for each other; give --threads {usable}"
    return Fact(
        key="threads", label="threads", text="unknown" if threads is None else str(threads), value=threads, hint=hint
    )


def _system() -> str:
    """Name of the system with its kernel, without the machine's own name."""
    try:
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, {platform.system()} {platform.release()}"
    except (OSError, KeyError):
        return f"{platform.system()} {platform.release()}"


def _processor() -> str:
    """Name of the processor, if the system reports it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def _total_memory() -> int | None:
    """Bytes of memory of the machine; None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows
        return None
