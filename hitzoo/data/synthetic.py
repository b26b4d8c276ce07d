"""The data set that is always there: coloured solids on soft backgrounds, drawn when they are read."""

from __future__ import annotations

from PIL import Image

from hitzoo.data.drawing import draw
from hitzoo.data.scene import RECIPE, draw_scene


class Synthetic:
    """`count` RGB images of side `resolution`; image `i` shows the same scene at every resolution."""

    location = "synthetic"

    def __init__(self, resolution: int, count: int = 65536) -> None:
        self.resolution = resolution
        self.count = count

    def __len__(self) -> int:
        return self.count

    def label(self, index: int) -> str:
        """The image's number in words."""
        return f"synthetic image {index}"

    def read(self, index: int) -> Image.Image:
        """Image `index`; `IndexError` outside 0 … count - 1."""
        if not 0 <= index < self.count:
            raise IndexError(f"image {index} of {self.count}")
        return Image.fromarray(draw(draw_scene(index), self.resolution))

    def fingerprint(self) -> str:
        """The version of the recipe and how many images of it; the scenes do not depend on the resolution."""
        return f"synthetic-{RECIPE}-{self.count}"
