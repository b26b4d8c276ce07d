"""Write the part of docs/zoo.md that follows from the records of zoo/, and the grids that it shows.

python docs/zoo/page.py             # the page
python docs/zoo/page.py --grids     # and the pictures of models that have none yet
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import numpy as np
from einops import rearrange
from numpy.typing import NDArray
from PIL import Image

import hitzoo
from hitzoo.cli.pace import about
from hitzoo.data.avatars import draw_avatar
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.sampling.autoencoder import Autoencoder
from hitzoo.sampling.grid import enlarge
from hitzoo.sampling.pictures import to_grid, to_picture
from hitzoo.zoo.cards import SPEC_ONLY, Card, cards

HERE = Path(__file__).resolve().parent
PAGE = HERE.with_suffix(".md")
MARK = "<!-- From here on this page is written by docs/zoo/page.py from the records of zoo/. -->\n"
ROWS, COLUMNS = 4, 9
SHOWN = 128  # pixels of a sample on the page, or more
COMPARED = {
    "random_conv_frechet": "`random_conv_frechet` ↓",
    "random_conv_precision": "precision ↑",
    "random_conv_recall": "recall ↑",
    "efficientnet_frechet": "`efficientnet_frechet` ↓",
}


def trained() -> list[Card]:
    """Return the records of the models that have weights, by name."""
    return [card for card in cards().values() if card.status != SPEC_ONLY]


def written(models: Iterable[Card]) -> str:
    """Write the table of all models and a section for each."""
    models = list(models)
    return "\n\n".join(["## All of them", table(models), *map(section, models)]) + "\n"


def table(models: Iterable[Card]) -> str:
    """Write a row per model."""
    heads = ["model", "image", "parameters", "weights", *COMPARED.values(), "images seen", "time"]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for card in models:
        plan, values = compile_spec(load_spec(card.spec)), {number.metric: number.value for number in card.measured}
        cells = [
            f"[`{card.name}`](#{card.name})",
            f"{plan.resolution}×{plan.resolution}" + ("" if plan.image_channels == 3 else ", grey"),
            f"{plan.parameters:,}",
            f"{card.whole_size / 1e6:.1f} MB",
            *(f"{values[name]:g}" if name in values else "" for name in COMPARED),
            f"{card.provenance['images']:,}",
            about(3600 * card.provenance["hours"]),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def section(card: Card) -> str:
    """Write what a model is, with its grid, numbers, data and commands."""
    assert card.data is not None, "every model with weights says what it was trained on"
    made = card.provenance
    numbers = "\n".join(f"| `{one.metric}` | {one.value:g} | {one.protocol} |" for one in card.measured)
    commands = dict.fromkeys(filter(None, [card.data.command, *card.evaluation.split(" && "), made["command"]]))
    return "\n\n".join(
        filter(
            None,
            [
                f"## {card.name}",
                f"{card.title[:1].upper()}{card.title[1:]}.",
                f"![{_caption(card)}](zoo/{card.name}.webp)",
                f"- **Data**: {card.data.name}, {card.data.license}. {card.data.credit}".rstrip()
                + f"\n- **Weights**: {card.license}, float32, {card.whole_size / 1e6:.1f} MB."
                + f"\n- **Training**: spec `{card.spec}`, {made['steps']:,} steps, {made['images']:,} images,"
                + f" {about(3600 * made['hours'])} on {made['hardware']} ({made['date']}; {made['versions']}).",
                f"| metric | value | of what |\n|---|---|---|\n{numbers}" if numbers else "",
                "\n".join(f"    {command}" for command in commands),
            ],
        )
    )


def _is_sampled(card: Card) -> bool:
    return not compile_spec(load_spec(card.spec)).is_autoencoder


def _caption(card: Card) -> str:
    if _is_sampled(card):
        return f"{ROWS * COLUMNS} samples of {card.name}"
    return f"Held-out pictures, and below each row what {card.name} makes of them"


def draw(card: Card) -> None:
    """Draw what a model makes, without any choice among it, unless these weights' picture is there."""
    if drawn_of(out := HERE / f"{card.name}.webp") == card.sha256:
        return
    pixels = sampled(card) if _is_sampled(card) else reconstructed(card)
    grid = enlarge(to_grid(pixels, ROWS, COLUMNS, 1), max(1, SHOWN // pixels.shape[1]))
    to_picture(grid).convert("RGB").save(out, quality=90, method=6, xmp=card.sha256.encode())


def sampled(card: Card) -> NDArray[np.uint8]:
    """Return the samples of the first seeds, [N, R, R, C]."""
    return hitzoo.load(card.name).sample(seeds=range(ROWS * COLUMNS)).pixels


def reconstructed(card: Card) -> NDArray[np.uint8]:
    """Return rows of the first held-out pictures, each above a row of their reconstructions."""
    words = card.evaluation.split(" && ")[0].split()
    first, style = int(words[words.index("--first") + 1]), words[words.index("make") + 1]
    autoencoder = Autoencoder.from_pretrained(card.name)
    drawn = (draw_avatar(style, first + index, autoencoder.plan.resolution) for index in range(ROWS * COLUMNS // 2))
    pictures = np.stack([np.asarray(Image.open(BytesIO(png))) for png in drawn])
    pairs = np.stack([pictures, autoencoder.reconstruct(pictures)])
    return rearrange(pairs, "kind (row column) h w c -> (row kind column) h w c", column=COLUMNS)


def drawn_of(picture: Path) -> str:
    """Return the sha256 of the weights whose samples a picture shows; empty where there is none."""
    if not picture.exists():
        return ""
    with Image.open(picture) as grid:
        return bytes(grid.info.get("xmp", b"")).decode()


def main() -> None:
    """Read the words of the command line and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grids", action="store_true")
    options = parser.parse_args()
    if options.grids:
        for card in trained():
            draw(card)
    kept, mark, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    PAGE.write_text(f"{kept}{mark}\n{written(trained())}", encoding="utf-8")


if __name__ == "__main__":
    main()
