"""Make the emoji of docs/recipes.md, the same pictures on every machine; its critters are `hitzoo data make critters`.

    pip install fonttools pillow
    python docs/studies/pictures.py NotoColorEmoji.ttf emoji64.zip --size 64

They are the bitmaps of Noto Color Emoji 2.042 (SIL Open Font License 1.1; the package fonts-noto-color-emoji of Debian
12), on white and without duplicates: 3,916.
"""

from __future__ import annotations

import argparse
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from fontTools.ttLib import TTFont
from PIL import Image

from hitzoo.data.pixels import to_eight_bits


def emoji(font: Path, size: int) -> Iterator[tuple[str, Image.Image]]:
    """Yield file names and pictures of a font's glyphs, each once: made square at 128 pixels, then reduced."""
    glyphs = TTFont(font)["CBDT"].strikeData[0]
    seen: set[bytes] = set()
    for name in sorted(glyphs, key=lambda name: f"{name}.png"):
        with Image.open(BytesIO(glyphs[name].imageData)) as drawn:
            glyph = to_eight_bits(drawn, 3)
        if (pixels := glyph.tobytes()) in seen:
            continue
        seen.add(pixels)
        side = max(glyph.size)
        square = Image.new("RGB", (side, side), "white")
        square.paste(glyph, ((side - glyph.width) // 2, (side - glyph.height) // 2))
        square = square.resize((128, 128), Image.Resampling.LANCZOS)
        yield f"{name}.png", square if size == 128 else square.resize((size, size), Image.Resampling.BICUBIC)


def main() -> None:
    """Read the words of the command line and write the archive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("font", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", type=int, default=64)
    options = parser.parse_args()
    with zipfile.ZipFile(options.out, "w") as archive:
        for name, picture in emoji(options.font, options.size):
            png = BytesIO()
            picture.save(png, "PNG")
            archive.writestr(zipfile.ZipInfo(name), png.getvalue())


if __name__ == "__main__":
    main()
