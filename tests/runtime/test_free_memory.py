from __future__ import annotations

import sys

import pytest

from hitzoo.runtime import free_memory as module
from hitzoo.runtime.free_memory import free_memory, peak_memory

MEMINFO = "MemTotal:       16384 kB\nMemFree:         1024 kB\nMemAvailable:    8192 kB\n"


@pytest.fixture
def files(monkeypatch):
    """Let the system's files say this; the others are not there."""

    def say(**texts: str) -> None:
        names = {"meminfo": "/proc/meminfo", "status": "/proc/self/status"}
        names |= {"limit": "/sys/fs/cgroup/memory.max", "used": "/sys/fs/cgroup/memory.current"}
        known = {names[name]: text for name, text in texts.items()}
        monkeypatch.setattr(module, "_read", lambda path: known.get(str(path), ""))

    return say


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({}, 8192 * 1024),
        ({"limit": "max\n", "used": "5\n"}, 8192 * 1024),
        ({"limit": "4000000\n", "used": "1000000\n"}, 3_000_000),
        ({"limit": "99000000000\n", "used": "1000000\n"}, 8192 * 1024),
    ],
    ids=["no container", "no limit", "a limit", "a loose limit"],
)
def test_what_is_free_is_the_systems_or_the_containers(files, texts, expected) -> None:
    files(meminfo=MEMINFO, **texts)
    assert free_memory() == expected


def test_where_the_system_says_nothing_a_part_of_all_is_taken_for_free(files) -> None:
    files()
    assert free_memory() > 0
    assert peak_memory() == 0


def test_the_peak_is_the_high_water_mark(files) -> None:
    files(status="VmPeak:\t  900 kB\nVmHWM:\t  300 kB\nVmRSS:\t  200 kB\n")
    assert peak_memory() == 300 * 1024


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems say less")
def test_of_this_process_something_is_known() -> None:
    assert peak_memory() > 10**7
    assert free_memory() > 10**6
