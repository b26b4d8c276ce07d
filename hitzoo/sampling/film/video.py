"""MP4 by PyAV. Only this file imports it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from hitzoo.errors import RequestError
from hitzoo.sampling.film.frame import opaque

_CODECS = ("libx264", "libopenh264", "mpeg4")  # the first that this FFmpeg was built with
_CONSTANT_RATE_FACTOR = "16"  # of x264: hardly told from the original


def check_video() -> None:
    """Check before any work that PyAV is there, with a codec for MP4.

    Raises:
        RequestError: it is not.
    """
    _codec()


class VideoFilm:
    """Writes an MP4 (H.264 with 4:2:0 colours where FFmpeg has it); a side of an odd length gets a pixel more."""

    def __init__(self, file: BinaryIO, *, width: int, height: int, fps: int, facts: Mapping[str, str]) -> None:
        import av

        self._av, codec = av, _codec()
        self._more = ((0, height % 2), (0, width % 2), (0, 0))
        self._container: Any = av.open(file, mode="w", format="mp4")
        self._container.metadata["comment"] = json.dumps(dict(facts))
        options = {"crf": _CONSTANT_RATE_FACTOR} if codec == "libx264" else {}
        stream: Any = self._container.add_stream(codec, rate=fps, options=options)
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = "yuv420p"
        if codec == "mpeg4":
            stream.bit_rate = 40 * fps * width * height // 8  # five bits a pixel: it has no such factor
        self._stream = stream

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """Write the next frame (H, W, 1|3|4)."""
        shown = np.pad(opaque(pixels), self._more, mode="edge")
        if shown.shape[-1] == 1:
            shown = shown.repeat(3, axis=-1)
        frame = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(shown), format="rgb24")
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    def finish(self) -> None:
        """Write what the codec still holds, and the index."""
        for packet in self._stream.encode():
            self._container.mux(packet)
        self._container.close()


def _codec() -> str:
    ways = "take .gif, .webp or .apng, which need nothing more"
    if find_spec("av") is None:
        raise RequestError(f"an .mp4 needs PyAV: pip install 'hitzoo[video]'; or {ways}")
    try:
        from av import codecs_available
        from av.codec import Codec
    except ImportError as error:
        raise RequestError(f"an .mp4 needs PyAV, which does not load here ({error}); {ways}") from None
    for name in _CODECS:
        if name in codecs_available:
            try:
                return str(Codec(name, "w").name)
            except ValueError:  # decodes only
                continue
    raise RequestError(f"this PyAV has none of the codecs {', '.join(_CODECS)} for an .mp4; {ways}")
