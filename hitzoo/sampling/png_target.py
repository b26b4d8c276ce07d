"""PNGs of an autoencoder in a folder: what is there already is told before any work, and the same stays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hitzoo.files import writing
from hitzoo.sampling.autoencoder import Autoencoder
from hitzoo.sampling.facts import difference
from hitzoo.sampling.picture_file import read_facts
from hitzoo.sampling.pictures import save_png
from hitzoo.targets import existing, file_target, is_taken


def facts_of(autoencoder: Autoencoder, key: str, content: NDArray[Any]) -> dict[str, str]:
    """Describe of what a picture is made: the model's name and digest, and the sha256 of `codes` or of a `picture`.

    An optimized decoder is named with its precision; without that it is the one that was trained.
    """
    values = np.ascontiguousarray(content, np.int32 if key == "codes" else np.uint8)
    facts = {
        "hitzoo:model": autoencoder.name,
        "hitzoo:weights": autoencoder.digest,
        f"hitzoo:{key}": sha256(values.tobytes()).hexdigest(),
    }
    if autoencoder.fast_precision is not None:
        facts |= {"hitzoo:precision": autoencoder.fast_precision, "hitzoo:path": "optimized"}
    return facts


def refuse_others(wanted: Iterable[tuple[Path, Callable[[], Mapping[str, str]]]], *, force: bool) -> None:
    """Refuse, before any work, to replace a picture that was made of something else than these facts say.

    Raises:
        OutputError: there is one.
    """
    for path, facts in wanted:
        if is_taken(path) and not force and (other := difference(read_facts(path), facts())):
            raise existing(path, other)


def put_png(path: Path, pixels: NDArray[np.uint8], text: Mapping[str, str], *, force: bool) -> None:
    """Write bytes (H, W, C) as a PNG with `text` as its metadata; its folder is made.

    Raises:
        OutputError: another file of that name is there, or it cannot be written.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with file_target(path, force=force) as temporary:
        save_png(temporary, pixels, text)
