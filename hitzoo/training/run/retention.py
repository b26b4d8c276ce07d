"""Retention of checkpoints: the newest few stay, and the best one."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import uuid4

from hitzoo.files import writing
from hitzoo.zoo.run_layout import checkpoints


def keep(folder: Path, count: int, best: Path | None = None) -> None:
    """Remove all checkpoints but the `count` (1 or more) newest and `best`.

    Folders set aside as damaged are not checkpoints and stay. One that is half removed is no checkpoint either.
    """
    assert count >= 1, "the newest checkpoint always stays"
    for place in checkpoints(folder)[:-count]:
        if best is not None and place.name == best.name:
            continue
        doomed = place.with_name(f".{place.name}.{uuid4().hex[:8]}.tmp")
        with writing(place):
            place.rename(doomed)
            shutil.rmtree(doomed)
