"""Rendered regions of the pictures of codes, to the disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hitzoo.errors import RequestError
from hitzoo.sampling.autoencoder import Autoencoder
from hitzoo.sampling.codes_file import StoredCodes
from hitzoo.sampling.output_names import codes_render_stem
from hitzoo.sampling.picture_names import picture_names
from hitzoo.sampling.png_target import facts_of
from hitzoo.sampling.render import Renderer
from hitzoo.sampling.render_file import Ready, RenderRequest, ready_for, write_ready


class CodesRender:
    """Renders pictures of stored codes by the optimized decoder of an autoencoder, as `write_render` does of seeds.

    Raises:
        RequestError: the decoder's last stages mix pixels, or the view is not of its image.
    """

    def __init__(self, autoencoder: Autoencoder, stored: StoredCodes, wanted: RenderRequest) -> None:
        quick = autoencoder.fast(wanted.precision, keeps_memory=wanted.keeps_memory)
        self.autoencoder, self.stored, self.wanted = quick, stored, wanted
        self.renderer = Renderer(quick.networks["generator"], wanted.view, quick.plan.pixel_range)
        self.names = picture_names(stored.names, ending="")

    def check(self, index: int) -> None:
        """Raise what `write` would raise before any work."""
        self._ready(index)

    def write(self, index: int, progress: Callable[[int, int], None] = lambda done, total: None) -> list[Path]:
        """Render the picture of the codes number `index`, and write it; the paths written.

        Raises:
            RequestError: the file has no such codes, or `out` is no picture file.
            WeightsError: the image is not finite.
            OutputError: something else is there already, or a file cannot be written.
        """
        ready = self._ready(index)
        vectors = self.autoencoder.vectors(self.stored.codes[index : index + 1])
        return write_ready(ready, vectors, self.wanted, self.autoencoder.name, progress)

    def _ready(self, index: int) -> Ready:
        count = len(self.names)
        if index >= count:
            raise RequestError(f"--index {index}: there are codes of {count:,} pictures, numbered from 0")
        facts = facts_of(self.autoencoder, "codes", self.stored.codes[index])
        stem = codes_render_stem(self.autoencoder, self.names[index], self.wanted.precision, self.wanted.view)
        return ready_for(self.renderer, self.wanted, stem, facts)
