"""The two comparisons of `hitzoo eval` with real images, divided among processes: a model's samples, and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hitzoo.cli.divided import first_before_others, load_alike, note_of_first

if TYPE_CHECKING:
    from hitzoo.evaluation.evaluator import Evaluator
    from hitzoo.evaluation.pictures import StoredImages
    from hitzoo.evaluation.report import Report
    from hitzoo.runtime.distributed import World


def compare_model(
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


def compare_images(
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
