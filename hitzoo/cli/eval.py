"""`hitzoo eval`: samples against real images, each number with its protocol."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hitzoo.cli.completion import complete_metrics
from hitzoo.cli.divided import first_before_others, joined, load_alike, note_of_first
from hitzoo.cli.evaluation_report import print_report
from hitzoo.cli.models import chosen_model, optimized_precision
from hitzoo.cli.options import (
    DeviceOption,
    ForceOption,
    InceptionWeightsOption,
    JsonOption,
    ModelArgument,
    ModelOption,
    OptimizedOption,
    PrecisionOption,
    TruncationOption,
)
from hitzoo.cli.threads import ThreadsOption
from hitzoo.errors import RequestError
from hitzoo.files import write_text
from hitzoo.targets import is_taken

if TYPE_CHECKING:
    from hitzoo.evaluation.evaluator import Evaluator
    from hitzoo.evaluation.pictures import StoredImages
    from hitzoo.evaluation.report import Report
    from hitzoo.runtime.distributed import World

_LARGEST_TRUNCATION = 1e6  # as in `hitzoo.sampling.latents`, which loads torch


def evaluate(
    name: ModelArgument = None,
    model: ModelOption = None,
    images: Annotated[
        str | None,
        typer.Option(metavar="DIR|ZIP", help="Evaluate existing pictures instead of a model.", show_default=False),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Real images: a folder, zip or TFRecords, hf:ORG/NAME, or synthetic. Default: the spec's.",
            show_default=False,
        ),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="fid, is, kid, pr (by torch-fidelity, on a downloaded Inception network); random_conv_frechet,"
            " random_conv_pr, sliced_wasserstein (no download). Default: the spec's.",
            show_default=False,
            autocompletion=complete_metrics,
        ),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=4,
            help="Samples to compare, of seeds 0, 1, … Default: the spec's; all of --images.",
            show_default=False,
        ),
    ] = None,
    real_samples: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="Real images to compare with, spread evenly over the set; 0: all. Default: the spec's.",
            show_default=False,
        ),
    ] = None,
    inception_weights: InceptionWeightsOption = None,
    truncation: TruncationOption = 1.0,
    batch_size: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Samples per forward pass. Default: as many as have 1,048,576 pixels together, 65,536 on a CPU.",
            show_default=False,
        ),
    ] = None,
    optimized: OptimizedOption = False,
    precision: PrecisionOption = "float32",
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="Also write the numbers and protocols there.", show_default=False),
    ] = None,
    force: ForceOption = False,
) -> None:
    """Compare samples with real images; each number comes with its protocol.

    The numbers of a run's checkpoint are stored in the run: `hitzoo runs` shows them, and `hitzoo publish` puts them on
    the card. The features of the real images are cached in ~/.cache/hitzoo ($HITZOO_CACHE). Several processes divide
    the samples: torchrun --nproc-per-node 8 -m hitzoo eval …
    """
    from hitzoo.cli import console, progress

    with progress.spinner("loading torch"):
        from hitzoo.evaluation.metrics import parse_metrics
        from hitzoo.runtime.allocator import keep_freed_memory

    keep_freed_memory()
    model = chosen_model(name, model) if name is not None or model is not None else None
    _refuse_impossible(model, images, data, out)
    quick = optimized_precision(optimized, precision)
    _refuse_sampling(images, truncation, batch_size, quick)
    names = None if metrics is None else parse_metrics(metrics)
    changes = {"data": data, "metrics": names, "samples": samples, "real_samples": real_samples}
    with joined(device, on_loss="Start it again") as (world, own_device):
        if model is not None:
            sampling = {"truncation": truncation, "batch_size": batch_size, "fast": quick}
            report = _of_model(model, changes, inception_weights, sampling, own_device, out, force, world)
        else:
            report = _of_images(str(images), changes, inception_weights, own_device, out, force, world)
    if report is None:
        return
    if out is not None:
        write_text(out, json.dumps(report.to_json(), indent=2, ensure_ascii=False) + "\n")
    if as_json:
        console.print_json(report.to_json())
    else:
        print_report(report)


def _refuse_impossible(model: str | None, images: str | None, data: str | None, out: Path | None) -> None:
    if (model is None) == (images is None):
        raise RequestError("give either a model or --images")
    if images is not None and data is None:
        raise RequestError("--images needs --data: the real images to compare them with")
    if out is not None:
        is_taken(out)  # report a folder of that name at once


def _refuse_sampling(images: str | None, truncation: float, batch_size: int | None, fast: str | None) -> None:
    """Refuse options of sampling before the real images are read, which can take minutes."""
    if not 0 < truncation <= _LARGEST_TRUNCATION:
        raise RequestError(f"--truncation {truncation}: give a positive number, at most {_LARGEST_TRUNCATION:,.0f}")
    if images is not None and (truncation != 1 or batch_size is not None or fast is not None):
        raise RequestError(
            "--truncation, --batch-size and --optimized are for --model: the images of --images exist already"
        )


def _of_model(
    model: str,
    changes: dict[str, Any],
    inception_weights: Path | None,
    sampling: dict[str, Any],
    device: str,
    out: Path | None,
    force: bool,
    world: World,
) -> Report | None:
    """Evaluate a model; the report in the first process, None in the others."""
    from hitzoo.cli import progress
    from hitzoo.cli.stored_evaluation import store_in_run
    from hitzoo.evaluation.evaluate import with_evaluation
    from hitzoo.evaluation.evaluator import Evaluator
    from hitzoo.evaluation.pictures import GeneratedImages
    from hitzoo.evaluation.report_file import check_same_report

    model, generator = load_alike(world, model, device, None, always_settled=True)

    def open_evaluator() -> Evaluator:
        evaluator = Evaluator.from_spec(
            with_evaluation(generator.spec, **changes),
            generator.plan,
            device=generator.device,
            inception_weights=inception_weights,
            note=note_of_first,
            shard=world.shard,
        )
        _note_ignored_files(evaluator)
        if out is not None and world.first:
            pictures = GeneratedImages(
                generator, evaluator.evaluation.samples, sampling["truncation"], fast=sampling["fast"]
            )
            check_same_report(out, evaluator, pictures.facts(), force=force)
        return evaluator

    evaluator = first_before_others(world, open_evaluator)
    with progress.progress_bar("real images") as follow:
        evaluator.prepare(follow, world=world)
    with progress.progress_bar("samples") as follow:
        report = evaluator.evaluate(
            generator, gather=lambda rows: world.gather(rows, generator.device), progress=follow, **sampling
        )
    if report is not None:
        store_in_run(model, report, note=note_of_first)
    return report


def _of_images(
    images: str,
    changes: dict[str, Any],
    inception_weights: Path | None,
    device: str,
    out: Path | None,
    force: bool,
    world: World,
) -> Report | None:
    """Evaluate existing images; the report in the first process, None in the others."""
    from hitzoo.cli import progress
    from hitzoo.data.open import open_source
    from hitzoo.evaluation.evaluate import with_changes
    from hitzoo.evaluation.evaluator import Evaluator
    from hitzoo.evaluation.image_folder import open_image_folder
    from hitzoo.evaluation.report_file import check_same_report
    from hitzoo.runtime.device import choose_device
    from hitzoo.spec.types import DataSpec, EvaluationSpec

    def open_both() -> tuple[StoredImages, Evaluator]:
        pictures = open_image_folder(images, changes["samples"], note=note_of_first)
        evaluator = Evaluator(
            with_changes(EvaluationSpec(), **changes | {"samples": len(pictures)}),
            DataSpec(source=changes["data"]),
            open_source(changes["data"], resolution=pictures.resolution),
            resolution=pictures.resolution,
            device=choose_device(device),
            inception_weights=inception_weights,
            note=note_of_first,
            shard=world.shard,
        )
        _note_ignored_files(evaluator)
        if out is not None and world.first:
            check_same_report(out, evaluator, pictures.facts(), force=force)
        return pictures, evaluator

    pictures, evaluator = first_before_others(world, open_both)
    with progress.progress_bar("real images") as follow:
        evaluator.prepare(follow, world=world)
    with progress.progress_bar("pictures") as follow:
        return evaluator.evaluate_images(
            pictures, gather=lambda rows: world.gather(rows, evaluator.device), progress=follow
        )


def _note_ignored_files(evaluator: Evaluator) -> None:
    from hitzoo.data.opening import opening_notes

    for line in opening_notes(evaluator.reals.source, evaluator.reals.resolution, for_training=False):
        note_of_first(line)
