"""A frozen network: still, without weights of its own to train or to store, and open to gradients by its images."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from hitzoo.backbones.efficientnet_lite import build_pooled, build_pyramid, timm
from hitzoo.backbones.weights import find_weights
from hitzoo.errors import RequestError, WeightsError
from tests.backbones.random_weights import NAME, random_weights


@pytest.fixture(scope="module")
def weights(random_backbone: Path) -> dict[str, torch.Tensor]:
    return random_weights()


def test_pyramid_is_timms_network_with_the_weights(weights) -> None:
    theirs = timm().create_model(NAME, features_only=True, out_indices=(1, 2, 3, 4)).eval()
    theirs.load_state_dict({key: weights.get(key, value) for key, value in theirs.state_dict().items()})
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        mine, wanted = build_pyramid(NAME, weights)(images), theirs(images)
    assert [map_.shape[1:] for map_ in mine] == [(24, 16, 16), (40, 8, 8), (112, 4, 4), (320, 2, 2)]
    for one, other in zip(mine, wanted, strict=True):
        assert float(one.std()) > 1e-3
        torch.testing.assert_close(one, other)


def test_frozen_network_has_nothing_to_train_or_to_store(weights) -> None:
    network = build_pyramid(NAME, weights)
    assert list(network.parameters()) == []
    assert network.state_dict() == {}
    assert sum(buffer.numel() for buffer in network.buffers()) > 2_900_000


def test_frozen_network_stays_in_evaluation(weights) -> None:
    network = torch.nn.Sequential(build_pooled(NAME, weights)).train()
    assert network.training
    assert not any(module.training for module in network[0].modules())
    images = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(network(images)[:1], network(images[:1]))


def test_gradients_pass_to_the_images(weights) -> None:
    images = torch.randn(1, 3, 32, 32, requires_grad=True)
    build_pooled(NAME, weights)(images).sum().backward()
    assert images.grad is not None
    assert float(images.grad.abs().sum()) > 0


def test_weights_of_another_network_are_refused(weights) -> None:
    with pytest.raises(WeightsError, match="not those of tf_efficientnet_lite2: conv"):
        build_pyramid(
            "tf_efficientnet_lite2", {key: value for key, value in weights.items() if key != "conv_stem.weight"}
        )


def test_missing_timm_is_one_message(backbone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(
        RequestError, match=r"needs timm, which does not load here .*: pip install 'hitzoo\[features\]'"
    ):
        timm()
    with pytest.raises(RequestError, match="needs timm"):
        find_weights(NAME)
