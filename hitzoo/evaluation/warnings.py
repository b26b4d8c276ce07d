"""Warnings about the reliability of a number: too few images, missing images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hitzoo.evaluation.efficientnet import EfficientNetLite
from hitzoo.evaluation.fidelity import IS_GROUP, POOL_WIDTH
from hitzoo.evaluation.metrics import Metric
from hitzoo.evaluation.pictures import StoredImages
from hitzoo.evaluation.random_conv import RandomConv

_WIDTHS = {
    "fid": POOL_WIDTH,
    "efficientnet_frechet": EfficientNetLite.shape[0],
    "random_conv_frechet": RandomConv.shape[0],
}
_MOST_NAMES = 5


def reliability_warnings(
    metrics: Sequence[Metric], *, samples: int, reals: StoredImages, real_rows: int, wanted: int | None
) -> Iterator[str]:
    """Return a sentence per problem, for these counts of images; `wanted` is the spec's number of real images."""
    needs_real = any(metric.needs_real for metric in metrics)
    if needs_real and wanted is not None and len(reals.source) < wanted:
        there = f"{reals.source.location} has {len(reals.source):,}"
        yield f"{wanted:,} real images were requested; {there}, and all are used"
    if needs_real and reals.unreadable:
        names = ", ".join(reals.unreadable[:_MOST_NAMES]) + (", …" if len(reals.unreadable) > _MOST_NAMES else "")
        yield f"{len(reals.unreadable):,} real images cannot be read and are skipped: {names}"
    for metric in metrics:
        fewest, width = min(samples, real_rows), _WIDTHS.get(metric.name, 0)
        if fewest < width:
            yield (
                f"{metric.name} of {fewest:,} images is biased upwards: there are fewer than its {width:,} features;"
                " compare it only with values of the same counts"
            )
        if metric.name == "is" and samples < IS_GROUP:
            yield f"the inception score is that of a single group of {samples:,} images, fewer than {IS_GROUP:,}"
