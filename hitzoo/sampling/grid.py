"""Many images on one page: tiles in rows, with padding, enlarged, with a line of text under each where wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from hitzoo.errors import RequestError
from hitzoo.sampling.pictures import BACKGROUND, PADDING, background, to_grid

MOST_PIXELS = 1 << 29  # of a page: 1.6 GB of RGB
_INK = 40
_MARGIN = 1  # pixels above and below a line of text
_SMALLEST, _LARGEST = 10, 24  # pixels of a letter's height
_EXAMPLE = "for example 6x6"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """`rows` × `columns` tiles with `padding` pixels between and around them; a pixel becomes `scale`² pixels.

    With `labels` each tile has a number under it.
    """

    rows: int
    columns: int
    padding: int = PADDING
    scale: int = 1
    labels: bool = False

    def facts(self) -> dict[str, str]:
        """Describe the layout for the metadata of a page."""
        return {
            "hitzoo:grid": f"{self.rows}x{self.columns}",
            "hitzoo:padding": str(self.padding),
            "hitzoo:scale": str(self.scale),
            "hitzoo:labels": "seeds" if self.labels else "none",
        }

    @property
    def places(self) -> int:
        """Tiles of a page."""
        return self.rows * self.columns

    def size(self, side: int, texts: Sequence[str] = ()) -> tuple[int, int]:
        """Width and height of a page of images of `side`² pixels, with the labels it has."""
        width, height = self._cell(side, texts)
        return (
            self.columns * (width + self.padding) + self.padding,
            self.rows * (height + self.padding) + self.padding,
        )

    def check(self, side: int, texts: Sequence[str] = ("4294967295",)) -> None:
        """Say before any work that a page is larger than can be made.

        Raises:
            RequestError: it is.
        """
        width, height = self.size(side, texts if self.labels else ())
        if width * height > MOST_PIXELS:
            raise RequestError(
                f"--grid {_short(self.rows)}x{_short(self.columns)}: a page of {_short(width)}×{_short(height)} pixels;"
                f" at most {MOST_PIXELS:,} can be made: give fewer tiles, or a smaller --scale or --padding"
            )

    def draw(self, pixels: NDArray[np.uint8], texts: Sequence[str] = ()) -> NDArray[np.uint8]:
        """Up to `places` images (N, H, H, C) as a page (height, width, C), row by row; the rest is background."""
        width, height = self._cell(pixels.shape[1], texts)
        shown = pixels[: self.places]
        cells = np.stack([self._tile(tile, width, height, texts[at] if texts else "") for at, tile in enumerate(shown)])
        return to_grid(cells, self.rows, self.columns, self.padding)

    def _tile(self, pixels: NDArray[np.uint8], width: int, height: int, text: str) -> NDArray[np.uint8]:
        """Draw one image (H, H, C) enlarged, with its text under it where there is room for one."""
        enlarged = enlarge(pixels, self.scale)
        side, channels = enlarged.shape[0], enlarged.shape[-1]
        if (width, height) == (side, side):
            return enlarged
        cell = background(height, width, channels)
        left = (width - side) // 2
        cell[:side, left : left + side] = enlarged
        cell[side:] = _line(text, width, height - side, channels, self._letters(pixels.shape[0]))
        return cell

    def _cell(self, side: int, texts: Sequence[str]) -> tuple[int, int]:
        """Width and height of a tile with its text; as wide as the widest text."""
        tile = side * self.scale
        if not self.labels or not texts:
            return tile, tile
        widest = "8" * max(map(len, texts))
        width = int(_font(self._letters(side)).getbbox(widest)[2]) + 2
        return max(tile, width), tile + self._letters(side) + 2 * _MARGIN + 2

    def _letters(self, side: int) -> int:
        return min(_LARGEST, max(_SMALLEST, side * self.scale // 10))


def parse_grid(text: str) -> tuple[int, int]:
    """`6x6` as rows and columns.

    Raises:
        RequestError: it is not two positive numbers.
    """
    rows, cross, columns = text.lower().replace("×", "x").partition("x")
    shown = text if len(text) <= 40 else text[:40] + "…"
    if not (cross and rows.isdecimal() and columns.isdecimal()):
        raise RequestError(f"--grid {shown}: write rows x columns, {_EXAMPLE}")
    if max(len(rows), len(columns)) > 9:
        raise RequestError(f"--grid {shown}: more tiles than a page can have; write rows x columns, {_EXAMPLE}")
    if not (int(rows) and int(columns)):
        raise RequestError(f"--grid {shown}: write rows x columns, {_EXAMPLE}")
    return int(rows), int(columns)


def enlarge(pixels: NDArray[np.uint8], scale: int) -> NDArray[np.uint8]:
    """(H, W, C) with each pixel `scale`² times."""
    return pixels if scale == 1 else pixels.repeat(scale, axis=0).repeat(scale, axis=1)


def _line(text: str, width: int, height: int, channels: int, letters: int) -> NDArray[np.uint8]:
    """A line of text in the middle of (height, width, channels), on the background of the page."""
    strip = Image.new("L", (width, height), BACKGROUND)
    box = _font(letters).getbbox(text)
    ImageDraw.Draw(strip).text(((width - int(box[2])) // 2, _MARGIN), text, fill=_INK, font=_font(letters))
    grey = np.asarray(strip)[..., None]
    if channels != 4:
        return np.repeat(grey, channels, axis=-1)
    return np.concatenate([np.repeat(grey, 3, axis=-1), np.full_like(grey, 255)], axis=-1)


def _font(letters: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(letters)


def _short(number: int) -> str:
    return f"{number:,}" if number < 10**12 else f"{number:.1e}"
