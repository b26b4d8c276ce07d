"""Draw the curves and the grids of docs/recipes.md and docs/ablations.md from the runs of study.py.

    python docs/studies/figures.py recipes runs/critters --name critters --title "20,000 critters, 64,000 images"

makes critters-curves.svg and critters-grids.webp in docs/recipes.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean

import matplotlib
from PIL import Image

matplotlib.use("svg")

import matplotlib.pyplot as plt
import study

DOCS = Path(__file__).resolve().parents[1]
PANELS = {
    "margin": "d_real − d_fake (mean logits)",
    "loss/discriminator": "loss of the discriminator",
    "diversity": "diversity of samples (1: as real images)",
}
ROWS = 4  # of a grid's, shown of each variant
LINES = ("solid", "dashed")  # there are ten colours
COLUMNS = 3  # variants beside each other

Points = Mapping[int, float]


def curves_of(run: Path) -> dict[str, dict[int, float]]:
    """Return a run's values by quantity and number of images."""
    found: dict[str, dict[int, float]] = defaultdict(dict)
    for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if "d_real" in record and "d_fake" in record:
            record["margin"] = record["d_real"] - record["d_fake"]
        for name in PANELS.keys() & record.keys():
            found[name][record["images"]] = record[name]
    return found


def runs_of(name: str, folder: Path, images: int) -> Iterator[tuple[str, list[Path]]]:
    """Yield each variant of a study with its finished runs."""
    one = study.STUDIES[name]
    for variant in one.variants(images):
        stem = study.folder_of(variant, 0)[:-1]
        runs = [run for run in sorted(folder.glob(f"{stem}*")) if run.name.removeprefix(stem).isdigit()]
        if finished := [run for run in runs if study.numbers(run, one.steps(images))]:
            yield variant, finished


def draw_curves(found: Sequence[tuple[str, list[Path]]], title: str, out: Path) -> None:
    """Draw the mean over seeds as a line and their range as a band, a panel per quantity."""
    plt.rcParams |= {"svg.hashsalt": title, "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    figure, axes = plt.subplots(1, len(PANELS), figsize=(11, 3.4), layout="constrained")
    for number, (variant, runs) in enumerate(found):
        curves = [curves_of(run) for run in runs]
        for axis, (name, words) in zip(axes, PANELS.items(), strict=True):
            seeds: list[Points] = [curve[name] for curve in curves]
            shared = sorted(set.intersection(*(set(points) for points in seeds)))
            values = [[points[at] for points in seeds] for at in shared]
            axis.plot(
                shared, [mean(one) for one in values], color=f"C{number}", linestyle=LINES[number // 10], label=variant
            )
            axis.fill_between(
                shared, *zip(*((min(v), max(v)) for v in values), strict=True), color=f"C{number}", alpha=0.15
            )
            axis.set(title=words, xlabel="images")
    figure.suptitle(title)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6, frameon=False)
    figure.savefig(out, metadata={"Date": None})


def draw_grids(found: Sequence[tuple[str, list[Path]]], title: str, out: Path) -> None:
    """Show the first rows of each variant's last grid, made by the averaged generator of the first seed."""
    plt.rcParams |= {"font.size": 9}
    grids = [(variant, max((runs[0] / "samples").glob("step-*.png"))) for variant, runs in found]
    rows = -(-len(grids) // COLUMNS)
    figure, axes = plt.subplots(rows, COLUMNS, figsize=(12.4, 0.4 + 2.85 * rows), layout="constrained")
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, (variant, path) in zip(axes.flat, grids, strict=False):
        with Image.open(path) as grid:
            shown = grid.convert("RGB").crop((0, 0, grid.width, round(grid.height * ROWS / 6)))
        axis.imshow(shown, interpolation="nearest")
        axis.set_title(variant)
    figure.suptitle(f"{title}, seed 0, no choice among samples")
    picture = out.with_suffix(".png")
    plt.switch_backend("agg")
    figure.savefig(picture, dpi=100)
    with Image.open(picture) as drawn:
        drawn.convert("RGB").save(out, quality=88, method=6)
    picture.unlink()


def main() -> None:
    """Read the words of the command line and draw both figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=list(study.STUDIES))
    parser.add_argument("runs", type=Path)
    parser.add_argument("--images", type=int)
    parser.add_argument("--name", required=True, help="of the files")
    parser.add_argument("--title", required=True)
    options = parser.parse_args()
    found = list(runs_of(options.study, options.runs, options.images or study.STUDIES[options.study].images))
    out = DOCS / options.study
    out.mkdir(exist_ok=True)
    draw_curves(found, options.title, out / f"{options.name}-curves.svg")
    draw_grids(found, options.title, out / f"{options.name}-grids.webp")


if __name__ == "__main__":
    main()
