"""Evaluation of a trained model in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from hitzoo.arguments import whole_number
from hitzoo.errors import RequestError
from hitzoo.evaluation.evaluator import Evaluator
from hitzoo.evaluation.metrics import choose_metrics, parse_metrics
from hitzoo.evaluation.report import Report
from hitzoo.runtime.precision import PRECISIONS, known_precision
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.latents import check_truncation
from hitzoo.sampling.load import load
from hitzoo.spec.types import EvaluationSpec, Spec

_MOST_SAMPLES = 10_000_000  # as the schema of specs has it


def evaluate(
    generator: Generator | str | Path,
    data: str | Path | None = None,
    *,
    metrics: str | Iterable[str] | None = None,
    samples: int | None = None,
    real_samples: int | None = None,
    truncation: float = 1.0,
    batch_size: int | None = None,
    optimized: bool | str | None = None,
    fast: bool | str | None = None,
    inception_weights: str | Path | None = None,
    note: Callable[[str], None] = print,
) -> Report:
    """Compare a generator's samples with real images, as its spec's `evaluation:` says unless an argument overrides it.

        report = hitzoo.evaluate(hitzoo.load("hit-ti-shapes32"), metrics=["random_conv_frechet"], samples=1000)
        report["random_conv_frechet"], report.scores[0].protocol, report.notes

    Args:
        generator: a generator, or the name or folder of one, as `hitzoo.load` takes it.
        data: a folder, a zip or "synthetic"; by default the spec's `evaluation.source`, else its `data.source`.
        metrics: fid, is, kid, pr, efficientnet_frechet, random_conv_frechet, random_conv_pr, sliced_wasserstein; a
            list, or one as a string.
        samples: number of images, of the seeds 0, 1, …
        real_samples: number of real images, spread evenly over the set; 0 takes all of them.
        truncation: scale of the latents.
        batch_size: samples per batch; by default the generator's own choice.
        optimized: sample by the optimized network, in float32 for True or in the precision named, float32 or bfloat16.
        fast: `optimized` under its name of hitzoo 0.1.
        inception_weights: file of torch-fidelity's Inception network; else it is searched for, and downloaded.
        note: called with a message before a download, and when the cache is not writable.

    Raises:
        RequestError: the value of an argument is not possible.
        HitzooError: see `hitzoo.load`, `Evaluator.from_spec` and `Evaluator.prepare`.
    """
    precision = _precision_of(optimized, fast)
    check_truncation(truncation)
    size = None if batch_size is None else whole_number("batch_size", batch_size, 1)
    model = generator if isinstance(generator, Generator) else load(generator)
    spec = with_evaluation(model.spec, data, metrics, samples, real_samples)
    weights = None if inception_weights is None else Path(inception_weights)
    evaluator = Evaluator.from_spec(spec, model.plan, device=model.device, inception_weights=weights, note=note)
    report = evaluator.evaluate(model, truncation=truncation, batch_size=size, fast=precision)
    assert report is not None, "there is one process"
    return report


def _precision_of(optimized: bool | str | None, fast: bool | str | None) -> str | None:
    """Return the precision of the optimized network; None without it."""
    if optimized is not None and fast is not None:
        raise RequestError("give optimized or fast, which is its former name, not both")
    asked = fast if optimized is None else optimized
    if asked is None or isinstance(asked, bool):
        return "float32" if asked else None
    return known_precision(str(asked), PRECISIONS)


def with_evaluation(
    spec: Spec,
    data: str | Path | None = None,
    metrics: str | Iterable[str] | None = None,
    samples: int | None = None,
    real_samples: int | None = None,
) -> Spec:
    """Return the spec with its evaluation overridden by the arguments given; `real_samples` 0 takes all."""
    return replace(spec, evaluation=with_changes(spec.evaluation, data, metrics, samples, real_samples))


def with_changes(
    evaluation: EvaluationSpec,
    data: str | Path | None = None,
    metrics: str | Iterable[str] | None = None,
    samples: int | None = None,
    real_samples: int | None = None,
) -> EvaluationSpec:
    """Return the section overridden by the arguments given; `real_samples` 0 takes all.

    Raises:
        RequestError: unknown metric, or more samples than a spec allows.
    """
    own = evaluation
    if samples is not None and whole_number("samples", samples, 0) > _MOST_SAMPLES:
        raise RequestError(f"samples {samples:.3g}: at most {_MOST_SAMPLES:,} can be compared")
    if real_samples is not None:
        whole_number("real_samples", real_samples, 0)
    names = own.metrics if metrics is None else parse_metrics(metrics) if isinstance(metrics, str) else metrics
    return replace(
        own,
        source=own.source if data is None else str(data),
        metrics=own.metrics if metrics is None else tuple(metric.name for metric in choose_metrics(names)),
        samples=own.samples if samples is None else samples,
        real_samples=own.real_samples if real_samples is None else real_samples or None,
    )
