"""Interface of a source of images."""

from __future__ import annotations

from typing import Protocol

from PIL import Image


class ImageSource(Protocol):
    """A numbered, immutable set of images; safe to send to worker processes."""

    @property
    def location(self) -> str:
        """Location as given, for messages."""
        ...

    def __len__(self) -> int: ...

    def label(self, index: int) -> str:
        """Name of image `index`, for messages."""
        ...

    def read(self, index: int) -> Image.Image:
        """Decode image `index` upright; raises `UnreadableImage` if that is not possible."""
        ...

    def fingerprint(self) -> str:
        """Short text that changes when the set of images does."""
        ...
