"""The comparison of `hitzoo eval` for autoencoders: pictures with their reconstructions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hitzoo.cli.autoencoders import load_autoencoder, open_pictures
from hitzoo.errors import RequestError

if TYPE_CHECKING:
    from hitzoo.evaluation.report import Report

_METRICS = ("rfid", "psnr", "ssim", "lpips", "usage")


def compare_reconstructions(
    model: str,
    data: str | None,
    metrics: str | None,
    pictures: int | None,
    inception_weights: Path | None,
    device: str,
    optimized: str | None,
    note: Callable[[str], None],
) -> Report:
    """Evaluate an autoencoder on `data`, else on what its spec names; `pictures` of them, all for 0 and None.

    `optimized` is the precision of its optimized decoder, if that makes the pictures.

    Raises:
        RequestError: no data, an unknown metric, or several processes.
    """
    from hitzoo.cli import progress
    from hitzoo.cli.stored_evaluation import settled, store_in_run
    from hitzoo.evaluation.metrics import parse_reconstruction_metrics
    from hitzoo.evaluation.reconstructions import evaluate_reconstructions
    from hitzoo.runtime.launcher import launch_environment

    if launch_environment().size > 1:
        raise RequestError("one process evaluates an autoencoder: start it without torchrun")
    names = _METRICS if metrics is None else parse_reconstruction_metrics(metrics)
    model = settled(model)
    autoencoder = load_autoencoder(model, device, optimized)
    spec = autoencoder.spec
    location = data or spec.evaluation.source or spec.data.source
    if location is None:
        raise RequestError(f"{spec.name} names no pictures; give them with --data")
    reals = open_pictures(autoencoder, location, pictures or None)
    with progress.progress_bar("pictures") as follow:
        report = evaluate_reconstructions(
            autoencoder,
            spec.evaluation,
            names,
            reals,
            inception_weights=inception_weights,
            note=note,
            progress=follow,
        )
    store_in_run(model, report, note)
    return report
