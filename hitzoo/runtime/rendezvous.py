"""Rendezvous of the processes of a run: each announces itself, and a missing one is reported, not silently awaited.

They meet within seconds or not at all: torchrun starts them together. An evaluation, which the others wait for, takes
hours; so the limit for meeting is another than the one for everything after.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import torch.distributed as dist

from hitzoo.errors import RequestError, RunError
from hitzoo.runtime.launcher import LaunchEnvironment, check_rendezvous_variables

LIMIT = 120.0  # seconds
_LIMIT_NAME = "HITZOO_MEETING_SECONDS"
_QUIET = 10.0  # seconds before the missing processes are reported
_SLICE = timedelta(seconds=1)  # a signal gets through between two
_MOST_NAMED = 8


def join_store(who: LaunchEnvironment, tell: Callable[[str], None]) -> Any:
    """Return a store in which all processes have registered; `tell` is called with a message during a long wait.

    Raises:
        RequestError: the environment does not say where they meet.
        RunError: one did not come in time.
    """
    check_rendezvous_variables(who.size)
    begun, limit = time.monotonic(), _limit()
    store = _StoreConnection(who, begun, limit, tell).store()
    store.set(_name(who, who.rank), b"here")
    waited, missing = False, _missing(store, who)
    while missing:
        if time.monotonic() - begun > limit:
            raise RunError(_not_come(who, missing, limit))
        if not waited and time.monotonic() - begun > _QUIET:
            tell(f"waiting for {_listed(missing)} of {who.size} at {_address()}, for up to {limit:.0f} s")
            waited = True
        try:
            store.wait([_name(who, rank) for rank in missing], _SLICE)
        except RuntimeError as error:  # dist.DistStoreError, where one is still missing
            if "timeout" not in str(error).lower() and "timed out" not in str(error).lower():
                raise RunError(f"the processes cannot meet at {_address()} ({_short(error)})") from None
        missing = _missing(store, who)
    return store


class _StoreConnection:
    """Connection to the store: the first process opens it, or torchrun's agent did; the others connect."""

    def __init__(self, who: LaunchEnvironment, begun: float, limit: float, tell: Callable[[str], None]) -> None:
        self.who, self.begun, self.limit, self.tell = who, begun, limit, tell

    def store(self) -> Any:
        opens = self.who.rank == 0 and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True"
        said = False
        while True:
            try:
                return self._attempt(opens)
            except (RuntimeError, ValueError) as error:
                waited = time.monotonic() - self.begun
                if opens or waited > self.limit:
                    where = "opened" if opens else f"reached within {self.limit:.0f} s ({_LIMIT_NAME})"
                    raise RunError(
                        f"WORLD_SIZE is {self.who.size}, but the processes cannot meet: {_address()} cannot be {where}"
                        f" ({_short(error)}); MASTER_ADDR and MASTER_PORT are where process 0 runs"
                    ) from None
                if not said and waited > _QUIET:
                    self.tell(f"waiting for process 0 of {self.who.size} at {_address()}, for up to {self.limit:.0f} s")
                    said = True

    def _attempt(self, opens: bool) -> Any:
        return dist.TCPStore(  # type: ignore[attr-defined]
            os.environ["MASTER_ADDR"],
            int(os.environ["MASTER_PORT"]),
            self.who.size,
            is_master=opens,
            timeout=timedelta(seconds=2),
            wait_for_workers=False,
            multi_tenant=True,
        )


def _missing(store: Any, who: LaunchEnvironment) -> list[int]:
    return [rank for rank in range(who.size) if not store.check([_name(who, rank)])]


def _name(who: LaunchEnvironment, rank: int) -> str:
    return f"hitzoo/{who.attempt}/here/{rank}"


def _limit() -> float:
    text = os.environ.get(_LIMIT_NAME, f"{LIMIT:.0f}")
    if not text.isdecimal() or not 0 < int(text) < 10**6:
        raise RequestError(f"{_LIMIT_NAME} is {text!r}; give a number of seconds, as in {_LIMIT_NAME}=600")
    return float(text)


def _not_come(who: LaunchEnvironment, missing: list[int], limit: float) -> str:
    return (
        f"{_listed(missing)} of {who.size} did not come to {_address()} within {limit:.0f} s; its own message, or the"
        f" launcher's, says why. Are all of them started, with RANK 0 to {who.size - 1}? Where starting takes longer:"
        f" {_LIMIT_NAME}=600"
    )


def _listed(ranks: list[int]) -> str:
    named = ", ".join(map(str, ranks[:_MOST_NAMED])) + (", …" if len(ranks) > _MOST_NAMED else "")
    return f"process {named}" if len(ranks) == 1 else f"processes {named}"


def _address() -> str:
    return f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"


def _short(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
