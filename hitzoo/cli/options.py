"""Options shared by several verbs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from hitzoo.cli.completion import complete_device, complete_model, complete_path, complete_precision, complete_spec

SpecArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="SPEC",
        help="A spec file, the name of a shipped spec, or the folder of a run or a model.",
        show_default=False,
        autocompletion=complete_spec,
    ),
]
SetOption: TypeAlias = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Replace one value of the spec, e.g. training.batch_size=32. Can be repeated.",
        show_default=False,
        autocompletion=complete_path,
    ),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
DeviceOption: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="DEVICE",
        help="Device to compute on: auto, cpu, cuda, cuda:1 or mps.",
        autocompletion=complete_device,
    ),
]
ModelArgument: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="MODEL",
        help="A model of the zoo, a model folder, a run (RUN@best, RUN@1000, RUN:AVERAGE), or ORG/NAME[@REVISION] on"
        " the Hub.",
        show_default=False,
        autocompletion=complete_model,
    ),
]
ModelOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="The model, instead of the argument MODEL.",
        show_default=False,
        autocompletion=complete_model,
    ),
]
ForceOption: TypeAlias = Annotated[
    bool, typer.Option("--force", help="Overwrite existing files whose content differs.")
]
PictureFormatOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--format", metavar="png|jpg|webp", help="Picture format. Default png.", show_default=False),
]
QualityOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, max=100, help="Quality of jpg and webp, 1 to 100. Default 95.", show_default=False
    ),
]
LatentsOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Take latents from a file instead of seeds: (N, latent_dim) in an .npy, or the .npz of an inversion.",
        show_default=False,
    ),
]
ImagesPerPassOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--batch-size",
        metavar="N",
        min=1,
        help="Images per forward pass. Default: as many as have 1,048,576 pixels together, 65,536 on a CPU.",
        show_default=False,
    ),
]
InitOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="random", help="Use random initial weights: for specs that have none yet.", show_default=False
    ),
]
TruncationOption: TypeAlias = Annotated[
    float,
    typer.Option(metavar="FACTOR", help="Scale latents by this factor; with styles: ψ to their mean."),
]
OptimizedOption: TypeAlias = Annotated[
    bool,
    typer.Option("--optimized", "--fast", help="Use the optimized network: the same images, faster."),
]
PrecisionOption: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Compute in float32, or in bfloat16 (also bf16), which rounds every feature map.",
        autocompletion=complete_precision,
    ),
]
InceptionWeightsOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.pth",
        help="Weights of torch-fidelity's Inception network; also $HITZOO_INCEPTION_WEIGHTS. Default: torch hub's"
        " cache, else a download of 96 MB.",
        show_default=False,
    ),
]
