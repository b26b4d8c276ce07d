"""Evaluation of a trained model in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from hitzoo.errors import RequestError
from hitzoo.evaluation.evaluator import Evaluator
from hitzoo.evaluation.metrics import choose_metrics
from hitzoo.evaluation.report import Report
from hitzoo.sampling.generator import Generator
from hitzoo.spec.types import EvaluationSpec, Spec

_MOST_SAMPLES = 10_000_000  # as the schema of specs has it


def evaluate(
    generator: Generator,
    data: str | Path | None = None,
    *,
    metrics: Iterable[str] | None = None,
    samples: int | None = None,
    real_samples: int | None = None,
    truncation: float = 1.0,
    batch_size: int | None = None,
    fast: str | None = None,
    inception_weights: Path | None = None,
    note: Callable[[str], None] = print,
) -> Report:
    """Compare a generator's samples with real images, as its spec's `evaluation:` says unless an argument overrides it.

        report = hitzoo.evaluate(hitzoo.load("hit-ti-shapes32"), metrics=["random_conv_frechet"], samples=1000)
        report["random_conv_frechet"], report.scores[0].protocol, report.notes

    Args:
        data: a folder, a zip or "synthetic"; by default the spec's `evaluation.source`, else its `data.source`.
        metrics: fid, is, kid, pr, random_conv_frechet, random_conv_pr, sliced_wasserstein.
        samples: number of images, of the seeds 0, 1, …
        real_samples: number of real images, spread evenly over the set; 0 takes all of them.
        truncation: scale of the latents.
        fast: precision of the optimized network, float32 or bfloat16; None samples by the network as trained.
        note: called with a message before a download, and when the cache is not writable.

    Raises:
        HitzooError: see `Evaluator.from_spec` and `Evaluator.prepare`.
    """
    spec = with_evaluation(generator.spec, data, metrics, samples, real_samples)
    evaluator = Evaluator.from_spec(
        spec, generator.plan, device=generator.device, inception_weights=inception_weights, note=note
    )
    report = evaluator.evaluate(generator, truncation=truncation, batch_size=batch_size, fast=fast)
    assert report is not None, "there is one process"
    return report


def with_evaluation(
    spec: Spec,
    data: str | Path | None = None,
    metrics: Iterable[str] | None = None,
    samples: int | None = None,
    real_samples: int | None = None,
) -> Spec:
    """Return the spec with its evaluation overridden by the arguments given; `real_samples` 0 takes all."""
    return replace(spec, evaluation=with_changes(spec.evaluation, data, metrics, samples, real_samples))


def with_changes(
    evaluation: EvaluationSpec,
    data: str | Path | None = None,
    metrics: Iterable[str] | None = None,
    samples: int | None = None,
    real_samples: int | None = None,
) -> EvaluationSpec:
    """Return the section overridden by the arguments given; `real_samples` 0 takes all.

    Raises:
        RequestError: unknown metric, or more samples than a spec allows.
    """
    own = evaluation
    if samples is not None and samples > _MOST_SAMPLES:
        raise RequestError(f"samples {samples:.3g}: at most {_MOST_SAMPLES:,} can be compared")
    return replace(
        own,
        source=own.source if data is None else str(data),
        metrics=own.metrics if metrics is None else tuple(metric.name for metric in choose_metrics(metrics)),
        samples=own.samples if samples is None else samples,
        real_samples=own.real_samples if real_samples is None else real_samples or None,
    )
