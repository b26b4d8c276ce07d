"""`hitzoo reconstruct`: pictures beside what an autoencoder makes of them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hitzoo.cli.autoencoders import (
    AutoencoderOption,
    PicturesArgument,
    load_autoencoder,
    open_pictures,
)
from hitzoo.cli.options import (
    DeviceOption,
    ForceOption,
    ImagesPerPassOption,
    JsonOption,
    OptimizedOption,
    PrecisionOption,
)
from hitzoo.cli.threads import ThreadsOption

if TYPE_CHECKING:
    from hitzoo.evaluation.pictures import RGB

_KNOWN = ("psnr", "ssim", "lpips", "efficientnet_distance")
_MOST_SHOWN = 40  # rows


def reconstruct(
    pictures: PicturesArgument,
    model: AutoencoderOption,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the pictures.")] = Path("reconstructed"),
    metrics: Annotated[
        str,
        typer.Option(
            metavar="A,B",
            help="Numbers for each picture, of psnr, ssim, lpips (528 MB of weights) and efficientnet_distance (needs"
            " hitzoo[features]).",
        ),
    ] = "psnr,ssim,lpips",
    alone: Annotated[
        bool, typer.Option("--alone", help="Write the reconstructions alone, as `hitzoo decode` would.")
    ] = False,
    batch_size: ImagesPerPassOption = None,
    optimized: OptimizedOption = False,
    precision: PrecisionOption = "float32",
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Encode and decode pictures, and show them: the picture on the left, its reconstruction on the right.

    Each has its PSNR, SSIM and LPIPS printed, and in its metadata. For numbers over a set use `hitzoo eval`.
    """
    import numpy as np

    from hitzoo.cli import console, progress
    from hitzoo.cli.models import optimized_precision

    names, quick = _chosen(metrics), optimized_precision(optimized, precision)
    autoencoder = load_autoencoder(model, device, quick)
    from hitzoo.evaluation.likeness import likenesses
    from hitzoo.evaluation.pictures import to_rgb
    from hitzoo.sampling.picture_names import picture_names
    from hitzoo.sampling.png_target import facts_of, put_png, refuse_others

    found = open_pictures(autoencoder, pictures)
    measures = likenesses(names, autoencoder.device, lambda note: console.print_line(note, stderr=True))
    size = batch_size or autoencoder.default_batch_size
    labels = picture_names([found.name(position) for position in range(len(found))])
    rows: list[dict[str, float | str]] = []

    def facts(position: int) -> dict[str, str]:
        return facts_of(autoencoder, "picture", found.pixels([position]))

    refuse_others(((out / label, partial(facts, position)) for position, label in enumerate(labels)), force=force)
    with progress.count_bar("pictures", len(found)) as follow:
        for start in range(0, len(found), size):
            positions = range(start, min(start + size, len(found)))
            real = found.pixels(positions)
            made = autoencoder.reconstruct(real, size)
            seen: tuple[RGB, RGB] = (to_rgb(real), to_rgb(made))
            values = {name: measure(*seen) for name, measure in measures.items()}
            kept = [position for position in positions if position not in found.skipped]
            for index, position in enumerate(kept):
                own = {name: round(float(each[index]), 4) for name, each in values.items()}
                shown = made[index] if alone else np.concatenate([real[index], made[index]], axis=1)
                said = facts_of(autoencoder, "picture", real[index])
                said |= {f"hitzoo:{name}": str(value) for name, value in own.items()}
                put_png(out / labels[position], shown, said, force=force)
                rows.append({"picture": found.name(position), **own})
            follow(len(positions))
    if as_json:
        console.print_json({"out": str(out), "pictures": rows})
        return
    listed = [[str(row["picture"]), *(f"{row[name]:.4g}" for name in names)] for row in rows[:_MOST_SHOWN]]
    console.print_table(["picture", *names], [listed], words={0})
    if len(rows) > _MOST_SHOWN:
        console.print_line(f"… and {len(rows) - _MOST_SHOWN:,} more")
    for name in names:
        console.print_line(f"mean {name} {sum(float(row[name]) for row in rows) / max(1, len(rows)):.4g}")
    console.print_line(f"{out}: {len(rows):,} pictures")


def _chosen(metrics: str) -> list[str]:
    from hitzoo.errors import RequestError

    names = list(dict.fromkeys(word for part in metrics.split(",") if (word := part.strip().lower())))
    for name in names:
        if name not in _KNOWN:
            raise RequestError(f"--metrics {name}: possible for each picture are {', '.join(_KNOWN)}")
    return names
