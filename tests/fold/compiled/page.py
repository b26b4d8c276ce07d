"""docs/kernels.md: what every kernel of the shipped specs takes of every card, by the compiler that is installed.

python -m tests.fold.compiled.page docs/kernels.md

It takes some minutes; TRITON_CACHE_DIR names a folder that keeps what is compiled.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from hitzoo.fold.triton.version import triton_version
from tests.fold.compiled.cards import CARDS, KIB, Card
from tests.fold.compiled.launches import Launch, launches_of, networks
from tests.fold.compiled.resources import Resources, compile_for

TEXT = """\
# Kernels

The Triton kernels of the [fast network](sampling.md), compiled for NVIDIA's cards: every launch that the network of a \
shipped spec makes, with the tile that is chosen for the card, and what it takes of the card by the compiler's own \
report. None is measured: this page is made without a GPU, by `python -m tests.fold.compiled.page docs/kernels.md`. \
The tests hold all of it to the limits of the cards (`tests/fold/compiled`).

A kernel that still asks for too much, by another compiler or for the sizes of another spec, is launched with a \
smaller tile, and where none fits torch's own operations take its place; a warning names it. `hitzoo doctor` holds \
every kernel to its reference on the card at hand, and turns off one whose results are wrong.

## Cards

{cards}

## Launches

A cell is the tile, rows × hidden features at a time, `kept` where the weights of all MLPs stay in shared memory; \
then K: KiB of shared memory, r: registers of a thread, s: bytes of a thread spilled to memory, t: columns of tensor \
memory. A dash: another kernel takes its place on this card.

{launches}

Compiled with Triton {triton}.
"""

Row = tuple[str, ...]
DTYPES = (torch.bfloat16, torch.float32)


def launches_by_row() -> dict[Row, dict[str, Launch]]:
    """Every launch of the shipped specs' networks, by what it is and by card."""
    rows: dict[Row, dict[str, Launch]] = {}
    for card in CARDS:
        for dtype in DTYPES:
            for plan in networks().values():
                for launch in launches_of(plan, card, dtype):
                    rows.setdefault(row_of(launch), {})[card.name] = launch
    return dict(sorted(rows.items(), key=lambda row: [_by_number(word) for word in row[0]]))


def row_of(launch: Launch) -> Row:
    """Kernel, type, channels, hidden features and parts: the first cells of its row."""
    if launch.kernel == "mlp_kernel":
        return "mlp_to_image" if launch.ends else "mlp", launch.dtype, str(launch["C"]), str(launch["H"]), ""
    parts = [f"{launch['DEPTH']} MLPs", f"{launch['IN']} in"]
    parts += [f"{launch['HEADS']}×{launch['TOKENS']} logits"] if launch.has("score") else []
    parts += ["no layer"] if not launch.has("up") else []
    parts += ["to the image" if launch.ends else "image"] if launch.has("to_image") else []
    parts += ["image before"] if launch.has("image_before") else []
    return "stage", launch.dtype, str(launch["C"]), str(launch["H"]), ", ".join(parts)


def cell(launch: Launch, found: Resources) -> str:
    """Tile and resources of one launch on one card."""
    parts = [f"{found.shared / KIB:.0f} K", f"{found.registers} r"]
    parts += [f"{found.spilled} s"] if found.spilled else []
    parts += [f"{found.columns} t"] if found.columns else []
    return f"{launch.tile}: {', '.join(parts)}"


def without_resources(text: str) -> str:
    """The page without what depends on the compiler."""
    text = re.sub(r"(×\d+(?: kept)?): \d+ K[^|]*?(?= \|)", r"\1", text)
    return re.sub(r"Compiled with Triton [^\n]*\.\n", "", text)


def page(rows: Mapping[Row, Mapping[str, Launch]], cell_of: Callable[[Launch, Card], str]) -> str:
    """The page with these rows; a cell is written by `cell_of`."""
    heads = ("kernel", "type", "C", "H", "stage", *(card.name for card in CARDS))
    lines = (
        (*row, *(cell_of(on[card.name], card) if card.name in on else "–" for card in CARDS))
        for row, on in rows.items()
    )
    return TEXT.format(
        cards=_table(("card", "products", "shared memory of a program", "tensor memory"), _cards()),
        launches=_table(heads, lines),
        triton=triton_version(),
    )


def _cards() -> Iterator[Row]:
    for card in CARDS:
        columns = f"{card.columns} columns" if card.columns else "–"
        yield card.name, card.examples, f"{card.device.shared // KIB} KiB", columns


def _table(heads: Row, rows: Iterable[Row]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _by_number(word: str) -> tuple[int, str]:
    return (int(word), "") if word.isdigit() else (0, word)


def main() -> None:
    """Compile all of it and write the page."""
    with TemporaryDirectory() as folder:

        def compiled(launch: Launch, card: Card) -> str:
            found = cell(launch, compile_for(launch, card, Path(folder)))
            print(card.name, *row_of(launch), found, flush=True)
            return found

        text = page(launches_by_row(), compiled)
    Path(sys.argv[1]).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
