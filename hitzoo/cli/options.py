"""Options that several verbs share, worded once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

SpecArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="SPEC", help="A spec file, or the name of a shipped spec.", show_default=False)
]
SetOption: TypeAlias = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Replace one value of the spec, e.g. training.batch_size=32. Can be given again.",
        show_default=False,
    ),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
DeviceOption: TypeAlias = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")]
InceptionWeightsOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.pth",
        help="torch-fidelity's Inception network; also $HITZOO_INCEPTION_WEIGHTS. Default: torch hub's cache, else a"
        " download of 96 MB.",
        show_default=False,
    ),
]
