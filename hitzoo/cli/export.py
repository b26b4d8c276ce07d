"""`hitzoo export`: a model as a file for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hitzoo.cli.options import ForceOption, InitOption, ModelArgument, ModelOption

if TYPE_CHECKING:
    from hitzoo.export.write import Exported


def export(
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="File to write: *.onnx, or *.pt2 for torch.", show_default=False)
    ],
    name: ModelArgument = None,
    model: ModelOption = None,
    format: Annotated[
        str | None,
        typer.Option(
            metavar="onnx|torch",
            help="ONNX (needs the extra onnx), or torch.export's own format. Default: by FILE's extension.",
            show_default=False,
        ),
    ] = None,
    opset: Annotated[
        int | None,
        typer.Option(metavar="N", help="Version of ONNX's operator set, 18 to 23. Default 20.", show_default=False),
    ] = None,
    part: Annotated[
        str | None,
        typer.Option(
            metavar="encoder|decoder",
            help="Of an autoencoder: images to codes, or codes to images. Default decoder.",
            show_default=False,
        ),
    ] = None,
    init: InitOption = None,
    force: ForceOption = False,
) -> None:
    """Export a generator for other programs: latents in, images out, any batch size. Of an autoencoder its --part.

    The file is run and its images are compared with the generator's before it appears. Images are float32
    (N, C, H, W) and not clipped to [-1, 1]; codes are int64 (N, s, s).
    """
    from hitzoo.cli import console, progress
    from hitzoo.cli.autoencoders import is_autoencoder, load_autoencoder
    from hitzoo.cli.models import chosen_model, load_model

    chosen = chosen_model(name, model)
    of_pictures = init is None and is_autoencoder(chosen)
    loaded = load_autoencoder(chosen, "cpu") if of_pictures else load_model(chosen, "cpu", init)  # loads torch
    from hitzoo.export.write import export as export_model
    from hitzoo.export.write import format_of

    word = format_of(out, format)
    with progress.spinner(f"exporting {loaded.name} and checking the file"):
        done = export_model(loaded, out, part=part, format=word, opset=opset, force=force)
    console.print_line(f"wrote {done.path}: {_kind(done)}, {console.size(done.size)}")
    console.print_line(f"{done.takes} -> {done.gives}")
    if done.gives.startswith("codes"):
        console.print_line(f"share of the codes that are not PyTorch's: {_differences(done)}")
    else:
        console.print_line(f"largest difference from PyTorch's images, of their largest value: {_differences(done)}")


def _kind(done: Exported) -> str:
    return "torch.export" if done.opset is None else f"ONNX opset {done.opset}"


def _differences(done: Exported) -> str:
    from hitzoo.export.check import CODES_LIMIT, LIMIT

    limit = CODES_LIMIT if done.gives.startswith("codes") else LIMIT
    found = ", ".join(f"{difference:.1e} in a batch of {batch}" for batch, difference in done.differences.items())
    return f"{found} ({limit:.0e} is allowed)"
