"""`hitzoo eval`: samples against real images, each number with its protocol."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hitzoo.cli.autoencoders import is_autoencoder
from hitzoo.cli.comparison import compare_images, compare_model
from hitzoo.cli.completion import complete_metrics
from hitzoo.cli.divided import joined
from hitzoo.cli.evaluation_report import print_report
from hitzoo.cli.models import chosen_model, optimized_precision
from hitzoo.cli.options import (
    DeviceOption,
    ForceOption,
    ImagesPerPassOption,
    InceptionWeightsOption,
    JsonOption,
    ModelArgument,
    ModelOption,
    OptimizedOption,
    PrecisionOption,
    TruncationOption,
)
from hitzoo.cli.reconstruction_report import compare_reconstructions
from hitzoo.cli.threads import ThreadsOption
from hitzoo.errors import RequestError
from hitzoo.files import write_text
from hitzoo.targets import existing, is_taken

if TYPE_CHECKING:
    from hitzoo.evaluation.report import Report

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
            help="fid, is, kid, pr (by torch-fidelity, on a downloaded Inception network); efficientnet_frechet (needs"
            " hitzoo[features]); random_conv_frechet,"
            " random_conv_pr, sliced_wasserstein (no download). Default: the spec's. Of an autoencoder: rfid, rkid,"
            " refficientnet_frechet, rrandom_conv_frechet, psnr, ssim, lpips, efficientnet_distance, usage; default"
            " rfid,psnr,ssim,lpips,usage.",
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
    batch_size: ImagesPerPassOption = None,
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
    from hitzoo.cli import progress

    with progress.spinner("loading torch"):
        from hitzoo.evaluation.metrics import parse_metrics
        from hitzoo.runtime.allocator import keep_freed_memory

    keep_freed_memory()
    model = chosen_model(name, model) if name is not None or model is not None else None
    _refuse_impossible(model, images, data, out)
    quick = optimized_precision(optimized, precision)
    _refuse_sampling(images, truncation, batch_size, quick)
    if model is not None and is_autoencoder(model):
        _refuse_sampled(samples, truncation, batch_size)
        found = compare_reconstructions(
            model, data, metrics, real_samples, inception_weights, device, quick, note=_note
        )
        _show(found, out, as_json=as_json, force=force)
        return
    names = None if metrics is None else parse_metrics(metrics)
    changes = {"data": data, "metrics": names, "samples": samples, "real_samples": real_samples}
    with joined(device, on_loss="Start it again") as (world, own_device):
        if model is not None:
            sampling = {"truncation": truncation, "batch_size": batch_size, "fast": quick}
            report = compare_model(model, changes, inception_weights, sampling, own_device, out, force, world)
        else:
            report = compare_images(str(images), changes, inception_weights, own_device, out, force, world)
    if report is None:
        return
    if out is not None:
        write_text(out, _as_text(report))
    _print(report, as_json=as_json)


def _show(report: Report, out: Path | None, *, as_json: bool, force: bool) -> None:
    """Write and print a report that no other file can be held against, since it has times in it."""
    if out is not None:
        if is_taken(out) and not force:
            raise existing(out)
        write_text(out, _as_text(report))
    _print(report, as_json=as_json)


def _as_text(report: Report) -> str:
    return json.dumps(report.to_json(), indent=2, ensure_ascii=False) + "\n"


def _print(report: Report, *, as_json: bool) -> None:
    from hitzoo.cli import console

    if as_json:
        console.print_json(report.to_json())
    else:
        print_report(report)


def _note(message: str) -> None:
    from hitzoo.cli import console

    console.print_line(message, stderr=True)


def _refuse_sampled(samples: int | None, truncation: float, batch_size: int | None) -> None:
    if samples is not None or truncation != 1 or batch_size is not None:
        raise RequestError(
            "--samples, --truncation and --batch-size are for models with a latent; an autoencoder is"
            " measured by pictures: --data, --real-samples"
        )


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
