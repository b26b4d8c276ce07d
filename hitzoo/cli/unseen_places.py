"""A place that may not be looked at, or that no file system has: what is said of it, whichever verb met it."""

from __future__ import annotations

import errno
import os

from hitzoo.files import reason_of

_OF_A_PLACE = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.ENAMETOOLONG,
        errno.ELOOP,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EROFS,
        errno.ESTALE,
        errno.EIO,
    }
)
_REASONS = {
    errno.EACCES: "no permission to look there; ask for access or choose another place",
    errno.EPERM: "no permission to look there; ask for access or choose another place",
    errno.ELOOP: "its links lead in a circle; choose another place",
}


def of_a_place(error: OSError) -> str | None:
    """One sentence with the place and the way on; None where it is of no place, and so a fault of ours."""
    if error.errno not in _OF_A_PLACE or not isinstance(error.filename, str | bytes):
        return None
    place = os.fsdecode(error.filename)
    shown = place if len(place) <= 120 else f"{place[:60]}…{place[-20:]}"
    return f"{shown}: {_REASONS.get(error.errno) or reason_of(error)}"
