"""The built-in data set: coloured solids on soft backgrounds, drawn on demand."""

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
        """The image's number, for messages."""
        return f"synthetic image {index}"

    def read(self, index: int) -> Image.Image:
        """Draw image `index`; raises `IndexError` outside 0 … count - 1."""
        if not 0 <= index < self.count:
            raise IndexError(f"image {index} of {self.count}")
        return Image.fromarray(draw(draw_scene(index), self.resolution))

    def fingerprint(self) -> str:
        """Version of the recipe and number of images; the scenes do not depend on the resolution."""
        return f"synthetic-{RECIPE}-{self.count}"
