"""What every place that images come from can do."""

from __future__ import annotations

from typing import Protocol

from PIL import Image


class ImageSource(Protocol):
    """A numbered, unchanging set of images; safe to hand to worker processes."""

    @property
    def location(self) -> str:
        """What the user gave, for messages."""
        ...

    def __len__(self) -> int: ...

    def label(self, index: int) -> str:
        """The name of image `index`, for messages."""
        ...

    def read(self, index: int) -> Image.Image:
        """Image `index`, fully decoded and turned upright; `UnreadableImage` where that cannot be done."""
        ...

    def fingerprint(self) -> str:
        """A short text that changes when the set of images does."""
        ...
