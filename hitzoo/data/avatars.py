"""Avatars in the styles of DiceBear: aligned pictures under clear licences, as many as wanted, of any size.

Only this file imports dicebear and resvg_py. Source: www.dicebear.com; a style's definition states its own licence.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from io import BytesIO
from typing import Any

from PIL import Image

from hitzoo.data.pixels import to_eight_bits
from hitzoo.errors import RequestError, suggestion

_PACKAGES = ("dicebear", "dicebear_styles", "resvg_py")
_STYLES = "https://www.dicebear.com/styles"
_COMMON = "critters, clay, landscape, planets, personas and toon-head"


@dataclass(frozen=True, kw_only=True)
class Style:
    """A style's name, its licence as DiceBear writes it ("CC0 1.0"), and the credit to give with its pictures."""

    name: str
    license: str
    credit: str


def find_style(name: str) -> Style:
    """Find a style by DiceBear's name for it.

    Raises:
        RequestError: the packages that draw are not installed, there is no such style, or it draws letters.
    """
    if any(find_spec(package) is None for package in _PACKAGES):
        raise RequestError("avatars are drawn by DiceBear and resvg: pip install 'hitzoo[avatars]'")
    known = sorted(
        file.name.removesuffix(".json") for file in files("dicebear_styles").iterdir() if file.name.endswith(".json")
    )
    if name not in known:
        raise RequestError(
            f"style {name!r}: {suggestion(name, known) or f'DiceBear has {_COMMON}, and others: {_STYLES}'}"
        )
    if "<text" in _svg(name, 0, 1):
        raise RequestError(f"style {name!r}: its letters look different on every machine; choose another style")
    terms = _definition(name)["meta"]["license"]
    return Style(name=name, license=terms["name"], credit=terms["text"])


def draw_avatar(style: str, index: int, size: int) -> bytes:
    """Draw the avatar of the seed text "STYLE-index" as a PNG, `size` × `size` pixels, RGB, on white.

    The same pixels for the same releases of the three packages, on any machine.
    """
    from resvg_py import svg_to_bytes

    png, stream = bytes(svg_to_bytes(svg_string=_svg(style, index, size), width=size, height=size)), BytesIO()
    with Image.open(BytesIO(png)) as drawn:
        to_eight_bits(drawn, 3).save(stream, "PNG")
    return stream.getvalue()


def _svg(style: str, index: int, size: int) -> str:
    from dicebear import Avatar

    return str(Avatar(_style(style), {"seed": f"{style}-{index}", "size": size}).to_string())


@cache
def _style(name: str) -> Any:
    from dicebear import Style as Definition

    return Definition(_definition(name))


@cache
def _definition(name: str) -> dict[str, Any]:
    text = files("dicebear_styles").joinpath(f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]
