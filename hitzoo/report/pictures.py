"""Grids of samples inside a page: few enough and small enough that the page stays below a budget, one at a time."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hitzoo.report.run_facts import RunFacts

BUDGET: Final = 12_000_000  # bytes of all pictures of a page, before base64 adds a third
MOST_GRIDS: Final = 40  # of a run: a slider with more is no easier to follow
_LONGEST_SIDE: Final = 1024  # pixels
_LARGEST: Final = 100_000_000  # pixels of a picture that is opened at all
_QUALITY: Final = 88  # of JPEG, where PNG is too large
_SHRINK: Final = 0.8
_SMALLEST: Final = 64  # pixels


@dataclass(frozen=True)
class Picture:
    """A picture as a page holds it; `smaller` than the file it is of, where its share of the budget asked for that."""

    step: int | None
    source: str
    width: int
    height: int
    smaller: bool

    @property
    def pixelated(self) -> bool:
        """True where a page shows it enlarged."""
        return self.width < 480


@dataclass(frozen=True)
class Gallery:
    """The grids of a run: `shown` of `found` files, and the real images; `unreadable` names files that are none."""

    shown: tuple[Picture, ...]
    found: int
    real: Picture | None = None
    unreadable: tuple[str, ...] = ()

    @property
    def smaller(self) -> bool:
        """True if a picture is smaller than its file."""
        return any(one.smaller for one in (*self.shown, *([self.real] if self.real else [])))


def galleries(runs: Sequence[RunFacts], budget: int = BUDGET) -> list[Gallery]:
    """Return the grids of some runs, evenly chosen, the first and the last among them, within a budget of bytes."""
    chosen = [_evenly(run.grids) for run in runs]
    count = sum(len(grids) + (run.real is not None) for grids, run in zip(chosen, runs, strict=True))
    share = budget // max(count, 1)
    return [_gallery(run, grids, share) for run, grids in zip(runs, chosen, strict=True)]


def _gallery(run: RunFacts, grids: Sequence[tuple[int, Path]], share: int) -> Gallery:
    pictures = [(path, _picture(path, step, share)) for step, path in grids]
    real = _picture(run.real, None, share) if run.real is not None else None
    return Gallery(
        shown=tuple(picture for _, picture in pictures if picture is not None),
        found=len(run.grids),
        real=real,
        unreadable=tuple(path.name for path, picture in pictures if picture is None),
    )


def _evenly(grids: Sequence[tuple[int, Path]]) -> list[tuple[int, Path]]:
    if len(grids) <= MOST_GRIDS:
        return list(grids)
    last = len(grids) - 1
    return [grids[round(place * last / (MOST_GRIDS - 1))] for place in range(MOST_GRIDS)]


def _picture(path: Path, step: int | None, share: int) -> Picture | None:
    """Return a file as a picture of at most `share` bytes; None for what is no picture, or none any more."""
    from PIL import Image

    try:
        with Image.open(path, formats=("PNG",)) as opened:
            if opened.width * opened.height > _LARGEST:
                return None
            image = _on_white(opened)
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError):
        return None
    size = image.size
    image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    kind, written = "png", _encoded(image, "PNG", optimize=True)
    if len(written) > share:
        kind, written = "jpeg", _encoded(image, "JPEG", quality=_QUALITY)
    while len(written) > share and min(image.size) > _SMALLEST:
        image = image.resize((max(1, int(_SHRINK * image.width)), max(1, int(_SHRINK * image.height))))
        written = _encoded(image, "JPEG", quality=_QUALITY)
    source = f"data:image/{kind};base64,{b64encode(written).decode('ascii')}"
    width, height = image.size
    return Picture(step, source, width, height, smaller=image.size != size)


def _on_white(image: Any) -> Any:
    """Return a picture in RGB; what is clear shows white."""
    if "A" not in image.getbands():
        return image.convert("RGB")
    ground = image.convert("RGBA").copy()
    ground.paste((255, 255, 255, 255), (0, 0, *ground.size))
    ground.alpha_composite(image.convert("RGBA"))
    return ground.convert("RGB")


def _encoded(image: Any, kind: str, **options: Any) -> bytes:
    written = io.BytesIO()
    image.save(written, format=kind, **options)
    return written.getvalue()
