"""Removal of what a killed process leaves: the temporary neighbours of files and folders it was writing or removing."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from pathlib import Path

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")  # as `hitzoo.files` names them


def remove_leftovers(*folders: Path) -> None:
    """Remove what is half written in these folders, not below them; nobody else may be writing there."""
    for folder in folders:
        for path in folder.glob(".*.tmp"):
            if not _TEMPORARY.fullmatch(path.name):
                continue
            with suppress(OSError):  # it may stay: it is in nobody's way
                shutil.rmtree(path) if path.is_dir() else path.unlink()
