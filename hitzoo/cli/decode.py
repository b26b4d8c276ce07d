"""`hitzoo decode`: codes to pictures."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hitzoo.cli.autoencoders import AutoencoderOption, load_autoencoder
from hitzoo.cli.options import DeviceOption, ForceOption, ImagesPerPassOption, OptimizedOption, PrecisionOption
from hitzoo.cli.threads import ThreadsOption


def decode(
    codes: Annotated[
        Path, typer.Argument(metavar="CODES.npz", help="The file that `hitzoo encode` wrote.", show_default=False)
    ],
    model: AutoencoderOption,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the pictures.")] = Path("decoded"),
    batch_size: ImagesPerPassOption = None,
    optimized: OptimizedOption = False,
    precision: PrecisionOption = "float32",
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    force: ForceOption = False,
) -> None:
    """Make pictures of codes, one PNG for each, named as the pictures were that the codes are of.

    Codes of another model are refused, even where their numbers would fit.
    """
    from hitzoo.cli import console, progress
    from hitzoo.cli.models import optimized_precision

    quick = optimized_precision(optimized, precision)
    autoencoder = load_autoencoder(model, device, quick)
    from hitzoo.sampling.codes_file import read_codes
    from hitzoo.sampling.picture_names import picture_names
    from hitzoo.sampling.png_target import facts_of, put_png, refuse_others

    stored = read_codes(codes, autoencoder)
    size = batch_size or autoencoder.default_batch_size
    names = picture_names(stored.names)

    def facts(index: int) -> dict[str, str]:
        return facts_of(autoencoder, "codes", stored.codes[index])

    refuse_others(((out / name, partial(facts, index)) for index, name in enumerate(names)), force=force)
    with progress.count_bar("pictures", len(names)) as follow:
        for start in range(0, len(names), size):
            made = autoencoder.decode(stored.codes[start : start + size], size)
            for index, pixels in enumerate(made, start):
                put_png(out / names[index], pixels, facts(index), force=force)
            follow(len(made))
    console.print_line(f"{out}: {len(names):,} pictures of {autoencoder.plan.resolution}×{autoencoder.plan.resolution}")
