"""Make the data sets of docs/recipes.md, the same pictures on every machine.

    pip install dicebear-core==10.7.0 dicebear-styles==10.6.0 resvg-py==0.5.0 fonttools pillow
    python docs/recipes/pictures.py critters critters64.zip --number 20000 --size 64
    python docs/recipes/pictures.py emoji emoji64.zip --size 64 --font NotoColorEmoji.ttf

`critters` are avatars by DiceBear (CC0 1.0), one per seed text "critters-0", "critters-1", and so on; other styles go
by their names. `emoji` are the bitmaps of Noto Color Emoji 2.042 (SIL Open Font License 1.1; the package
fonts-noto-color-emoji of Debian 12), on white and without duplicates: 3,916.
"""

from __future__ import annotations

import argparse
import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from PIL import Image


@cache
def _style(name: str):  # type: ignore[no-untyped-def]  # a class of a package that hitzoo does not need
    from dicebear import Style

    return Style(json.loads((files("dicebear_styles") / f"{name}.json").read_text("utf-8")))


def avatar(style: str, size: int, index: int) -> Image.Image:
    """Draw the avatar of a number."""
    import resvg_py
    from dicebear import Avatar

    drawn = Avatar(_style(style), {"seed": f"{style}-{index}", "size": size}).to_string()
    return on_white(bytes(resvg_py.svg_to_bytes(svg_string=drawn, width=size, height=size)))


def avatars(style: str, number: int, size: int) -> Iterator[tuple[str, Image.Image]]:
    """Yield file names and pictures."""
    with ProcessPoolExecutor() as pool:
        for index, picture in enumerate(pool.map(partial(avatar, style, size), range(number), chunksize=64)):
            yield f"{index // 1000:05}/{index:08}.png", picture


def emoji(font: Path, size: int) -> Iterator[tuple[str, Image.Image]]:
    """Yield file names and pictures of a font's glyphs, each once: made square at 128 pixels, then reduced."""
    from fontTools.ttLib import TTFont

    glyphs = TTFont(font)["CBDT"].strikeData[0]
    seen: set[bytes] = set()
    for name in sorted(glyphs, key=lambda name: f"{name}.png"):
        glyph = on_white(glyphs[name].imageData)
        if (pixels := glyph.tobytes()) in seen:
            continue
        seen.add(pixels)
        side = max(glyph.size)
        square = Image.new("RGB", (side, side), "white")
        square.paste(glyph, ((side - glyph.width) // 2, (side - glyph.height) // 2))
        square = square.resize((128, 128), Image.Resampling.LANCZOS)
        yield f"{name}.png", square if size == 128 else square.resize((size, size), Image.Resampling.BICUBIC)


def on_white(png: bytes) -> Image.Image:
    """Put a picture with transparency on white."""
    with Image.open(BytesIO(png)) as drawn:
        picture = drawn.convert("RGBA")
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture)
    return ground.convert("RGB")


def main() -> None:
    """Read the words of the command line and write the archive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("style", help="critters, another style of DiceBear, or emoji")
    parser.add_argument("out", type=Path)
    parser.add_argument("--number", type=int, default=20_000, help="of avatars")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--font", type=Path, help="for emoji")
    options = parser.parse_args()
    if options.style == "emoji" and not options.font:
        parser.error("emoji need --font NotoColorEmoji.ttf")
    made = (
        emoji(options.font, options.size)
        if options.style == "emoji"
        else avatars(options.style, options.number, options.size)
    )
    with zipfile.ZipFile(options.out, "w") as archive:
        for name, picture in made:
            png = BytesIO()
            picture.save(png, "PNG")
            archive.writestr(zipfile.ZipInfo(name), png.getvalue())


if __name__ == "__main__":
    main()
