"""The Fréchet distance on EfficientNet's features: what it computes, its protocol and cache, and its caveat."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from hitzoo.backbones.efficientnet_lite import build_pooled
from hitzoo.backbones.weights import VARIABLE, find_weights
from hitzoo.data.open import open_source
from hitzoo.errors import WeightsError
from hitzoo.evaluation import efficientnet, real_features, scores
from hitzoo.evaluation.efficientnet import EfficientNetLite
from hitzoo.evaluation.evaluate import evaluate
from hitzoo.evaluation.pictures import GeneratedImages, StoredImages
from hitzoo.families.load import parse_spec
from hitzoo.sampling.generator import Generator
from tests.backbones.random_weights import NAME, random_weights, write_random_weights
from tests.support import TINY_HIT

CPU = torch.device("cpu")
WANTED = {"metrics": ["efficientnet_frechet"], "samples": 5, "real_samples": 4}


def distance_of_means(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one.mean(dim=0) - other.mean(dim=0)).square().sum())


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little work: smaller images, and a distance of means alone."""
    monkeypatch.setattr(efficientnet, "_SIDE", 32)
    monkeypatch.setattr(scores, "frechet_distance", distance_of_means)


def test_features_are_the_networks_of_the_enlarged_image(backbone: Path) -> None:
    pictures = torch.randint(0, 256, (2, 8, 8, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    found = EfficientNetLite(CPU, pytest.fail)(pictures.numpy(), range(2))
    x = torch.nn.functional.interpolate(pictures.permute(0, 3, 1, 2) / 255.0, (224, 224), mode="bilinear")
    with torch.no_grad():
        wanted = build_pooled(NAME, random_weights())((x - 0.5) / 0.5)
    assert found.shape == (2, *EfficientNetLite.shape)
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)


def test_number_has_its_protocol_and_is_read_again_from_the_cache(
    backbone: Path, tiny_generator: Callable[..., Generator], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "frechet_distance", distance_of_means)  # of 1280 numbers it takes seconds
    generator = tiny_generator()
    report = evaluate(generator, **WANTED)
    (score,) = report.scores
    sha256 = find_weights(NAME).sha256
    assert score.protocol["features"] == {
        "network": f"{NAME}-{sha256[:16]}",
        "shape": [1280],
        "sha256": sha256,
        "layer": "pooled",
        "resize": "224×224, bilinear, antialiased",
        "scale": "mean 0.5, deviation 0.5",
    }
    assert {"timm", "torch"} <= score.protocol["versions"].keys()
    assert "not FID" in score.protocol["definition"]
    monkeypatch.setattr(real_features, "extract", lambda *given, **how: pytest.fail("computed again"))
    assert evaluate(generator, **WANTED)["efficientnet_frechet"] == score.value > 0


def test_other_weights_have_another_cache(
    backbone: Path,
    small: None,
    tiny_generator: Callable[..., Generator],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    generator = tiny_generator()
    first = evaluate(generator, **WANTED)["efficientnet_frechet"]
    monkeypatch.setenv(VARIABLE, str(write_random_weights(tmp_path / "other.safetensors", seed=3)))
    network = EfficientNetLite(CPU, pytest.fail)
    second = evaluate(generator, **WANTED)["efficientnet_frechet"]
    samples = network(GeneratedImages(generator, 5).read(range(5)), range(5))
    reals = StoredImages(open_source("synthetic", resolution=8), generator.spec.data, 8, 4)
    assert second == pytest.approx(distance_of_means(samples, network(reals.read(range(4)), range(4))), rel=1e-4)
    assert second != first


def test_missing_weights_are_told_before_any_work(
    random_backbone: Path, tiny_generator: Callable[..., Generator], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "nowhere.safetensors")
    with pytest.raises(
        WeightsError, match=r"nowhere\.safetensors, where the weights of tf_efficientnet_lite0 should be"
    ):
        evaluate(tiny_generator(), **WANTED)


def test_caveat_stands_beside_numbers_of_a_model_with_frozen_features(
    backbone: Path, small: None, tiny_generator: Callable[..., Generator]
) -> None:
    generator = tiny_generator()
    projected = parse_spec(TINY_HIT, "tiny", ["discriminator={family: projected}", "data.source=synthetic"])
    flattered = Generator(projected, generator.plan, generator.module, CPU)

    def caveats(model: Generator, metric: str) -> list[str]:
        report = evaluate(model, **{**WANTED, "metrics": [metric]})
        return [note for note in report.notes if "flatters this model" in note]

    (said,) = caveats(flattered, "efficientnet_frechet")
    assert said.startswith("the discriminator was trained on features of tf_efficientnet_lite0, which knows ImageNet")
    assert caveats(generator, "efficientnet_frechet") == []
    assert caveats(flattered, "sliced_wasserstein") == []
