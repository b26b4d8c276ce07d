"""The pictures of the page, made one at a time."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.PngImagePlugin import PngInfo

from hitzoo.explore.request import PictureRequest
from hitzoo.sampling.facts import of_images, picture_facts
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.pictures import to_picture, to_uint8
from hitzoo.sampling.stages import stage_images

_QUICK = 1  # of zlib's nine: a picture is looked at once


class Pictures:
    """Makes what the page shows. Not for several threads at once: truncation is a state of the network."""

    def __init__(self, generator: Generator, quick: Generator) -> None:
        self.generator, self.quick = generator, quick

    def image(self, wanted: PictureRequest) -> bytes:
        """Make a picture, or a part of it, as a PNG that says how it was made.

        Raises:
            RequestError: there is no such part.
            WeightsError: the image is not finite.
        """
        if wanted.is_part:
            region = wanted.region
            made = self.quick.render(
                latents=wanted.row,
                region=None if region is None else (region.left, region.top, region.width, region.height),
                level=wanted.level,
                size=wanted.size,
                truncation=wanted.truncation,
            )
        else:
            made = self.quick.sample(latents=wanted.row, truncation=wanted.truncation)
        return _png(to_uint8(made.raw[0]), self._facts(wanted))

    def stages(self, wanted: PictureRequest) -> list[dict[str, Any]]:
        """Make the image after each stage and what the stage added, as data URLs of PNGs, from coarse to fine."""
        found = stage_images(self.generator, wanted.row, wanted.truncation)
        return [
            {"side": each.side, "image": _url(to_uint8(each.image)), "added": _url(to_uint8(each.added))}
            for each in found
        ]

    def _facts(self, wanted: PictureRequest) -> dict[str, str]:
        facts = picture_facts(self.quick, wanted.truncation)
        facts |= of_images(None if wanted.seed is None else [wanted.seed], wanted.row)
        part = {"region": wanted.region, "level": wanted.level, "size": wanted.size}
        return facts | {f"hitzoo:{name}": str(value) for name, value in part.items() if value is not None}


def _png(pixels: NDArray[np.uint8], facts: dict[str, str]) -> bytes:
    file, text = BytesIO(), PngInfo()
    for key, value in facts.items():
        text.add_itxt(key, value)
    to_picture(pixels).save(file, format="PNG", pnginfo=text, compress_level=_QUICK)
    return file.getvalue()


def _url(pixels: NDArray[np.uint8]) -> str:
    return "data:image/png;base64," + base64.b64encode(_png(pixels, {})).decode("ascii")
