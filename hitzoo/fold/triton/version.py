"""Version of the Triton that is installed, under whatever name it was: `triton`, `pytorch-triton`, `triton-windows`."""

from __future__ import annotations

import logging
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from hitzoo.errors import first_line

_log = logging.getLogger(__name__)


@cache
def triton_version() -> str | None:
    """Version as Triton says it, "3.4.0"; None without Triton, or with one that cannot be imported, which is said."""
    if find_spec("triton") is None:
        return None
    try:
        return str(import_module("triton").__version__)
    except Exception as error:  # a missing system library, or a folder that is merely called so
        words = "Triton is installed but cannot be imported (%s); torch's own operations take its place"
        _log.warning(words, first_line(error))
        return None
