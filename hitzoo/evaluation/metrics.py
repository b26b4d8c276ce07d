"""The metrics by name: the numbers each gives, the better direction, and its features. Nothing here needs torch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from hitzoo.errors import RequestError, suggestion
from hitzoo.spec.types import MetricName

Better: TypeAlias = Literal["lower", "higher"]
FeatureKind: TypeAlias = Literal["inception", "efficientnet", "random_conv", "patches"]
NEIGHBOURS = 3  # k of precision and recall, as in Kynkäänniemi et al. 2019, section 4
FEWEST_IMAGES = NEIGHBOURS + 1  # a k-th neighbour other than the image itself


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric: `values` are the numbers it gives, with the direction that is better.

    `needs_real` is false for the inception score, which depends on the samples alone.
    """

    name: MetricName
    values: tuple[tuple[str, Better], ...]
    features: FeatureKind
    definition: str
    needs_real: bool = True

    @property
    def needs_inception(self) -> bool:
        """True if torch-fidelity and the downloaded weights of its Inception network are needed."""
        return self.features == "inception"

    @property
    def knows_imagenet(self) -> bool:
        """True if its features are those of a network that was trained on ImageNet."""
        return self.features in ("inception", "efficientnet")


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            name="fid",
            values=(("fid", "lower"),),
            features="inception",
            definition="Fréchet inception distance (Heusel et al. 2017), by torch-fidelity",
        ),
        Metric(
            name="is",
            values=(("inception_score", "higher"),),
            features="inception",
            needs_real=False,
            definition="inception score (Salimans et al. 2016), mean and deviation over groups, by torch-fidelity",
        ),
        Metric(
            name="kid",
            values=(("kid", "lower"),),
            features="inception",
            definition="kernel inception distance (Bińkowski et al. 2018), cubic kernel, mean and deviation over"
            " subsets, by torch-fidelity",
        ),
        Metric(
            name="pr",
            values=(("precision", "higher"), ("recall", "higher")),
            features="inception",
            definition="precision and recall (Kynkäänniemi et al. 2019), 3 neighbours, on Inception features where the"
            " paper has VGG-16's, by torch-fidelity",
        ),
        Metric(
            name="efficientnet_frechet",
            values=(("efficientnet_frechet", "lower"),),
            features="efficientnet",
            definition="Fréchet distance on pooled features of EfficientNet-Lite0, trained on ImageNet; not FID and not"
            " comparable with it",
        ),
        Metric(
            name="random_conv_frechet",
            values=(("random_conv_frechet", "lower"),),
            features="random_conv",
            definition="Fréchet distance on fixed random convolution features, each scaled by its deviation over the"
            " real images; not FID and not comparable with it",
        ),
        Metric(
            name="random_conv_pr",
            values=(("random_conv_precision", "higher"), ("random_conv_recall", "higher")),
            features="random_conv",
            definition="precision and recall (Kynkäänniemi et al. 2019), 3 neighbours, on fixed random convolution"
            " features, each scaled by its deviation over the real images; not comparable with pr",
        ),
        Metric(
            name="sliced_wasserstein",
            values=(("sliced_wasserstein", "lower"),),
            features="patches",
            definition="sliced Wasserstein distance of 7×7 patches, mean over the levels of a Laplacian pyramid (after"
            " Karras et al. 2018, section 5), scaled by the real images' deviation of each channel",
        ),
    )
}
OF_RECONSTRUCTIONS: dict[str, MetricName | None] = {
    "rfid": "fid",
    "rkid": "kid",
    "refficientnet_frechet": "efficientnet_frechet",
    "rrandom_conv_frechet": "random_conv_frechet",
    "psnr": None,
    "ssim": None,
    "lpips": None,
    "efficientnet_distance": None,
    "usage": None,
}
"""What an autoencoder is measured by; of a distance of features, that between pictures and their reconstructions."""
OFFLINE: tuple[str, ...] = tuple(name for name, metric in METRICS.items() if not metric.knows_imagenet)


def choose_metrics(names: Iterable[str]) -> tuple[Metric, ...]:
    """Look up metrics by name, each once, in the order given.

    Raises:
        RequestError: unknown metric, or none is named.
    """
    chosen = {name: METRICS.get(name) for name in names}
    for name, metric in chosen.items():
        if name in OF_RECONSTRUCTIONS and metric is None:
            raise RequestError(f"{name} is a metric of an autoencoder: hitzoo eval --model AUTOENCODER --data PICTURES")
        if metric is None:
            hint = "; ".join(filter(None, (suggestion(name, METRICS), f"known: {', '.join(METRICS)}")))
            raise RequestError(f"unknown metric '{name}'; {hint}")
    if not chosen:
        raise RequestError(f"no metric is named; known: {', '.join(METRICS)}")
    return tuple(metric for metric in chosen.values() if metric is not None)


def parse_reconstruction_metrics(text: str) -> tuple[str, ...]:
    """Parse a list of names such as `rfid,psnr`, of `OF_RECONSTRUCTIONS`.

    Raises:
        RequestError: an unknown one, or none.
    """
    names = tuple(dict.fromkeys(word for part in text.split(",") if (word := part.strip().lower())))
    for name in names:
        if name not in OF_RECONSTRUCTIONS:
            known = f"known of an autoencoder: {', '.join(OF_RECONSTRUCTIONS)}"
            hint = "; ".join(filter(None, (suggestion(name, OF_RECONSTRUCTIONS), known)))
            raise RequestError(f"unknown metric '{name}'; {hint}")
    if not names:
        raise RequestError(f"no metric is named; known of an autoencoder: {', '.join(OF_RECONSTRUCTIONS)}")
    return names


def parse_metrics(text: str) -> tuple[str, ...]:
    """Parse a list of names such as `fid,is,kid`.

    Raises:
        RequestError: as `choose_metrics`.
    """
    names = (word.strip().lower() for word in text.split(","))
    return tuple(metric.name for metric in choose_metrics(name for name in names if name))
