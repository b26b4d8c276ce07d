"""`hitzoo encode`: pictures to codes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hitzoo.cli.autoencoders import (
    AutoencoderOption,
    PicturesArgument,
    load_autoencoder,
    open_pictures,
)
from hitzoo.cli.options import DeviceOption, ForceOption, ImagesPerPassOption
from hitzoo.cli.threads import ThreadsOption


def encode(
    pictures: PicturesArgument,
    model: AutoencoderOption,
    out: Annotated[Path, typer.Option(metavar="CODES.npz", help="File for the codes.")] = Path("codes.npz"),
    batch_size: ImagesPerPassOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    force: ForceOption = False,
) -> None:
    """Encode pictures as the codes of an autoencoder: whole numbers (N, s, s), with the pictures' names.

    The file also holds the hash of the model's weights: `hitzoo decode` takes it with the same weights alone.
    """
    import numpy as np

    from hitzoo.cli import console, progress
    from hitzoo.targets import check_writable

    check_writable(out)
    autoencoder = load_autoencoder(model, device)
    from hitzoo.sampling.codes_file import StoredCodes, write_codes

    found = open_pictures(autoencoder, pictures)
    size = batch_size or autoencoder.default_batch_size
    parts, names = [], []
    with progress.count_bar("pictures", len(found)) as follow:
        for start in range(0, len(found), size):
            positions = range(start, min(start + size, len(found)))
            parts.append(autoencoder.encode(found.pixels(positions), size))
            names += [found.name(position) for position in positions if position not in found.skipped]
            follow(len(positions))
    codes = np.concatenate(parts)
    write_codes(out, autoencoder, StoredCodes(codes, tuple(names)), force=force)
    plan = autoencoder.plan
    used = len(np.unique(codes))
    bits = plan.codes.side**2 * np.log2(plan.codes.count)
    console.print_line(
        f"{out}: {len(codes):,} pictures as {plan.codes.side}×{plan.codes.side} codes ({used:,} of"
        f" {plan.codes.count:,} in use), {bits / 8:,.0f} bytes each"
    )
    console.print_line(f"pictures again: hitzoo decode {out} --model {model} --out DIR")
