"""Messages for paths without permission or that no file system has, for all verbs."""

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
    errno.EACCES: "permission denied; ask for access or choose another path",
    errno.EPERM: "permission denied; ask for access or choose another path",
    errno.ELOOP: "circular symbolic links; choose another path",
}


def describe_path_error(error: OSError) -> str | None:
    """Describe the error in one sentence with path and advice; None without a path, which is a bug of ours."""
    if error.errno not in _OF_A_PLACE or not isinstance(error.filename, str | bytes):
        return None
    place = os.fsdecode(error.filename)
    shown = place if len(place) <= 120 else f"{place[:60]}…{place[-20:]}"
    return f"{shown}: {_REASONS.get(error.errno) or reason_of(error)}"
