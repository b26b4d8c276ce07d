"""The environment variables of the launcher (torchrun, or a job script), read without torch."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass

from hitzoo.errors import RequestError, RunError

_LAUNCH = "start several by torchrun --nproc-per-node N -m hitzoo train …, or unset WORLD_SIZE for one"
_MOST = 2**31  # torch stores such a number in an int32


@dataclass(frozen=True)
class LaunchEnvironment:
    """Rank, world size, local rank and local world size of this process; 0 of 1 without a launcher.

    `attempt` counts torchrun's restarts.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1
    attempt: str = "0"

    @property
    def restarted(self) -> bool:
        """True if torchrun has started these processes again, after one has failed (`--max-restarts`)."""
        return self.attempt.isdecimal() and int(self.attempt) > 0

    @property
    def alone(self) -> bool:
        """True if this is the only process."""
        return self.size == 1


def launch_environment() -> LaunchEnvironment:
    """Read the environment.

    Raises:
        RequestError: it does not say how many processes there are as a launcher would.
        RunError: nor which of them this one is.
    """
    size = announced_size()
    rank = _number("RANK", 0)
    if "RANK" in os.environ and rank >= size:
        if "WORLD_SIZE" not in os.environ:
            raise RunError(f"RANK is {rank}, but WORLD_SIZE is not set; start several by torchrun, or unset RANK")
        raise RunError(f"RANK is {rank}, but WORLD_SIZE is {size}: the ranks are 0 to {size - 1}; {_LAUNCH}")
    local_size, local_rank = _number("LOCAL_WORLD_SIZE", 1), _number("LOCAL_RANK", 0)
    if local_size < 1:
        raise RunError(f"LOCAL_WORLD_SIZE is {local_size}, not a number of processes; {_LAUNCH}")
    if "LOCAL_WORLD_SIZE" in os.environ and local_rank >= local_size:
        raise RunError(f"LOCAL_RANK is {local_rank}, but LOCAL_WORLD_SIZE is {local_size}; {_LAUNCH}")
    return LaunchEnvironment(rank, size, local_rank, local_size, os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))


def launch_identity() -> dict[str, str]:
    """Return what the attempts of one launch share: torchrun's run id, if it was given one, or its process."""
    name = os.environ.get("TORCHELASTIC_RUN_ID", "none")
    return {"run_id": name} if name != "none" else {"launcher": f"{platform.node()}:{os.getppid()}"}


def announced_size() -> int:
    """Number of processes that the launcher started.

    Raises:
        RequestError: WORLD_SIZE is not a positive integer.
    """
    announced = os.environ.get("WORLD_SIZE", "1")
    if not _is_number(announced) or int(announced) < 1:
        raise RequestError(f"WORLD_SIZE is {announced!r}, not a number of processes; {_LAUNCH}")
    return int(announced)


def _number(name: str, default: int) -> int:
    text = os.environ.get(name)
    if text is None:
        return default
    if not _is_number(text):
        raise RunError(f"{name} is {text!r}, not a number; {_LAUNCH.replace('WORLD_SIZE', name)}")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 11 and int(text) < _MOST


def check_rendezvous_variables(size: int) -> None:
    """Check that several processes have the variables of a rendezvous.

    Raises:
        RequestError: a variable is not set, or is no port.
    """
    missing = [name for name in ("RANK", "MASTER_ADDR", "MASTER_PORT") if not os.environ.get(name)]
    if missing:
        raise RequestError(
            f"WORLD_SIZE is {size}, but the processes cannot meet ({', '.join(missing)} not set); {_LAUNCH}"
        )
    if not 0 <= _number("MASTER_PORT", 0) < 2**16:
        raise RequestError(f"MASTER_PORT is {os.environ['MASTER_PORT']}, not a port (1 to 65535)")
