"""Errors of collective operations: those that tell of another process's end, and those that are this process's own."""

from __future__ import annotations

import re

import torch.distributed as dist

_OF_GLOO = re.compile(
    r"gloo/.*(closed by peer|reset by peer|refused|broken pipe|timed? ?out|timeout|socket closed|not connected)"
    r"|^timed out waiting \d+ ?ms for (send|recv) operation",
    re.IGNORECASE | re.DOTALL,
)
_OF_NCCL = re.compile(
    r"ncclRemoteError|ncclSystemError|remote process exited|communicator was aborted|closed by (remote )?peer"
    r"|reset by peer|broken pipe|watchdog|timed? ?out|timeout",
    re.IGNORECASE,
)
_FRAME = re.compile(
    r"^\[\S*gloo/\S*:\d+\] |\. This is typically caused by .*$"
)  # of gloo's words: its file, and a guess
_LAST = "Last error:"  # what NCCL itself says stands on the line after it


def tells_of_another(error: BaseException) -> bool:
    """True for an error by which a collective operation says that another process has exited or hangs.

    NCCL's have a class of their own, in which it also reports faults of this process: two on one device, a device's
    full memory. Gloo's are known by their texts alone, each of which names a file of gloo.
    """
    if isinstance(error, dist.DistNetworkError):
        return True
    if isinstance(error, dist.DistBackendError):
        return _OF_NCCL.search(str(error)) is not None
    return isinstance(error, RuntimeError) and _OF_GLOO.search(str(error)) is not None


def own_words(error: BaseException) -> str:
    """First line of an error and NCCL's own words where it has them; the error's class where it is empty."""
    first, *others = str(error).strip().splitlines() or [type(error).__name__]
    said = [line.strip() for line in others]
    last = said[said.index(_LAST) + 1 :][:1] if _LAST in said else []
    return "; ".join([_FRAME.sub("", first), *filter(None, last)])
