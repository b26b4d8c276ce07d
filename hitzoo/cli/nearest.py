"""`hitzoo nearest`: the real images closest to samples, and a test for copies."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hitzoo.cli.options import (
    DeviceOption,
    ForceOption,
    ImagesPerPassOption,
    InitOption,
    JsonOption,
    ModelArgument,
    ModelOption,
    OptimizedOption,
    PrecisionOption,
    TruncationOption,
)
from hitzoo.cli.threads import ThreadsOption

if TYPE_CHECKING:
    from hitzoo.evaluation.data_copying import DataCopying
    from hitzoo.evaluation.nearest import Nearest, NearestRequest
    from hitzoo.sampling.generator import Generator
    from hitzoo.sampling.grid import Layout


def nearest(
    name: ModelArgument = None,
    model: ModelOption = None,
    out: Annotated[
        Path, typer.Option(metavar="FILE.png", help="Sheet to write: in each row a sample and its neighbours.")
    ] = Path("nearest.png"),
    data: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Real images: a folder, zip or TFRecords, hf:ORG/NAME, or synthetic. Default: the spec's.",
            show_default=False,
        ),
    ] = None,
    held_out: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Images of the same kind that the model was not trained on: test for copies against them.",
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[
        str, typer.Option("--seeds", "--seed", metavar="0-35,40", help="Samples on the sheet, one per seed.")
    ] = "0-7",
    neighbours: Annotated[
        int, typer.Option("--neighbours", "-k", metavar="K", min=1, max=100, help="Real images for each sample.")
    ] = 5,
    samples: Annotated[
        int, typer.Option(metavar="N", min=2, max=10_000_000, help="Samples of the test, of seeds 0, 1, …")
    ] = 1000,
    features: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Features to compare by: random_conv, or efficientnet, which knows objects (needs hitzoo[features]).",
        ),
    ] = "random_conv",
    real_samples: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Real images to search, spread evenly. Default: all.", show_default=False
        ),
    ] = None,
    scale: Annotated[int, typer.Option(metavar="N", min=1, max=64, help="Enlarge the tiles of the sheet N times.")] = 1,
    truncation: TruncationOption = 1.0,
    batch_size: ImagesPerPassOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    optimized: OptimizedOption = False,
    precision: PrecisionOption = "float32",
    init: InitOption = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Show the real images closest to samples: does the model copy?

    With --held-out it is also tested whether samples lie nearer to the training images than other real images do: z of
    Meehan et al. 2020, below -3 where they are copies. The features of the real images are cached in ~/.cache/hitzoo
    ($HITZOO_CACHE).
    """
    from hitzoo.cli import console
    from hitzoo.cli.divided import note_of_first
    from hitzoo.cli.models import chosen_model, load_model, optimized_precision
    from hitzoo.cli.progress import progress_bar, spinner

    chosen = chosen_model(name, model)
    quick = optimized_precision(optimized, precision)
    with spinner("loading torch"):
        from hitzoo.evaluation.nearest import NearestRequest, kind_named
        from hitzoo.evaluation.nearest import nearest as find
        from hitzoo.sampling.grid import Layout
        from hitzoo.sampling.latents import parse_seeds

    request = NearestRequest(
        seeds=parse_seeds(seeds),
        neighbours=neighbours,
        data=data,
        held_out=held_out,
        samples=samples,
        features=kind_named(features),
        real_samples=real_samples,
        truncation=truncation,
        batch_size=batch_size,
    )
    loaded = load_model(chosen, device, init)
    generator = loaded if quick is None else loaded.fast(quick, keeps_memory=True)
    layout = Layout(rows=len(request.seeds), columns=1 + neighbours, scale=scale, labels=True)
    facts = _facts(generator, request, layout)
    _check(out, generator, layout, facts, force=force)
    with progress_bar("images") as follow:
        found = find(generator, request, note=note_of_first, progress=follow)
    _write_sheet(out, found, request, layout, facts)
    if as_json:
        console.print_json(_json(generator, request, found, out))
    else:
        _print(request, found, out)


def _facts(generator: Generator, request: NearestRequest, layout: Layout) -> dict[str, str]:
    from hitzoo.sampling.facts import as_ranges, picture_facts

    search = hashlib.sha256(json.dumps(asdict(request), sort_keys=True).encode()).hexdigest()
    facts = picture_facts(generator, request.truncation) | layout.facts()
    return facts | {"hitzoo:seeds": as_ranges(request.seeds), "hitzoo:nearest": search}


def _check(out: Path, generator: Generator, layout: Layout, facts: dict[str, str], *, force: bool) -> None:
    """Refuse before any work a sheet that cannot be made or written."""
    from hitzoo.errors import RequestError
    from hitzoo.sampling.facts import difference
    from hitzoo.sampling.picture_file import read_facts
    from hitzoo.targets import check_writable, existing, is_taken

    if out.suffix.lower() != ".png":
        raise RequestError(f"--out {out}: the sheet's name ends in .png")
    layout.check(generator.plan.resolution)
    if not is_taken(out) or force:
        check_writable(out)
    elif other := difference(read_facts(out), facts):
        raise existing(out, other)


def _write_sheet(out: Path, found: Nearest, request: NearestRequest, layout: Layout, facts: dict[str, str]) -> None:
    import numpy as np

    from hitzoo.sampling.picture_file import save_picture

    rows = np.concatenate([found.samples[:, None], found.pictures], axis=1)
    texts = [
        text
        for seed, distances in zip(request.seeds, found.distances.tolist(), strict=True)
        for text in (f"seed {seed}", *(f"{distance:.4g}" for distance in distances))
    ]
    save_picture(out, layout.draw(rows.reshape(-1, *rows.shape[2:]), texts), facts)


def _json(generator: Generator, request: NearestRequest, found: Nearest, out: Path) -> dict[str, Any]:
    samples = [
        {
            "seed": seed,
            "nearest": [
                {"picture": picture, "distance": distance} for picture, distance in zip(names, distances, strict=True)
            ],
        }
        for seed, names, distances in zip(request.seeds, found.names, found.distances.tolist(), strict=True)
    ]
    return {
        "model": generator.name,
        "weights": generator.weights,
        "truncation": request.truncation,
        "features": found.features,
        "mirrored": found.mirrored,
        "real": found.real,
        "sheet": str(out),
        "samples": samples,
        "data_copying": None
        if found.copying is None
        else asdict(found.copying) | {"held_out_source": request.held_out},
    }


def _print(request: NearestRequest, found: Nearest, out: Path) -> None:
    from hitzoo.cli import console

    rows = [
        [str(seed), f"{distances[0]:.4g}", names[0]]
        for seed, names, distances in zip(request.seeds, found.names, found.distances.tolist(), strict=True)
    ]
    console.print_table(["seed", "distance", "nearest"], [rows], words={2})
    views = ", the nearer of each sample and its mirror image" if found.mirrored else ""
    console.print_line(f"features {found.features}; {found.real['images']:,} images of {found.real['source']}{views}")
    if found.copying is not None:
        _print_test(found.copying)
    console.print_line(f"{console.count(len(request.seeds), 'sample')}: {out}")


def _print_test(test: DataCopying) -> None:
    from hitzoo.cli import console

    meaning = (
        "too few images to tell"
        if not test.can_tell(3)
        else "samples are copies more often than chance allows"
        if test.z < -3
        else "samples lie farther from the training images than others do"
        if test.z > 3
        else "samples lie as near to the training images as others do"
    )
    console.print_line(
        f"copies   z {test.z:+.2f}: {meaning} ({test.samples:,} samples, {test.held_out:,} held-out images; in"
        f" {test.probability:.1%} of pairs the sample is farther; Meehan et al. 2020, section 3.1)"
    )
