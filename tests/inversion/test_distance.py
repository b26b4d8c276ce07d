"""The distance of an inversion: scales and features as loops, gradients, PSNR."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from hitzoo.errors import RequestError
from hitzoo.evaluation.random_conv import RandomConv
from hitzoo.inversion import distance
from hitzoo.inversion.distance import ImageDistance, feature_maps

CPU = torch.device("cpu")


def images(count: int, channels: int = 3, side: int = 16) -> torch.Tensor:
    return torch.rand(count, channels, side, side, generator=torch.Generator().manual_seed(count)) * 2 - 1


def test_distance_of_pixels_is_that_of_all_scales() -> None:
    target, others = images(1, side=8), images(2, side=8)
    expected = torch.zeros(2)
    for size in (1, 2):  # 8 and 4 pixels
        for place in range(2):
            total = 0.0
            for top in range(0, 8, size):
                for left in range(0, 8, size):
                    window = (slice(None), slice(top, top + size), slice(left, left + size))
                    difference = others[place][window].mean(dim=(1, 2)) - target[0][window].mean(dim=(1, 2))
                    total += float(difference.square().mean())
            expected[place] += total / (8 / size) ** 2
    torch.testing.assert_close(ImageDistance(target)(others), expected)


def test_features_count_beside_pixels() -> None:
    target, others = images(1), images(2).requires_grad_()
    maps = feature_maps("random_conv", CPU, print)
    assert maps is not None
    plain, both = ImageDistance(target)(others), ImageDistance(target, maps)(others)
    expected = torch.zeros(2)
    for own, other in zip(maps(others), maps(target), strict=True):
        units = [x / x.norm(dim=1, keepdim=True) for x in (own, other)]
        expected = expected + (units[0] - units[1]).square().sum(dim=1).mean(dim=(1, 2))
    torch.testing.assert_close(both - plain, 0.05 * expected, rtol=1e-3, atol=1e-5)
    (gradient,) = torch.autograd.grad((both - plain).sum(), others)
    assert gradient.abs().sum() > 0
    same = ImageDistance(target, maps)(target)
    assert float(same) == pytest.approx(0, abs=1e-9)


def test_maps_are_those_of_the_evaluation() -> None:
    pixels = np.random.RandomState(0).randint(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    network = RandomConv(CPU)
    maps = network.maps(torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1)
    assert [tuple(x.shape) for x in maps] == [(2, 32, 32, 32), (2, 48, 16, 16), (2, 48, 8, 8), (2, 64, 4, 4)]
    torch.testing.assert_close(network(pixels, [0, 1])[:, :32], maps[0].mean(dim=(2, 3)))


@pytest.mark.parametrize("channels", [1, 4])
def test_other_channels_have_features(channels: int) -> None:
    target, maps = images(1, channels), feature_maps("random_conv", CPU, print)
    assert ImageDistance(target, maps)(images(2, channels)).shape == (2,)


def test_psnr_is_of_clipped_pictures() -> None:
    target = torch.full((1, 3, 8, 8), 3.0)
    others = torch.stack([torch.full((3, 8, 8), 1.0), torch.full((3, 8, 8), 0.8)])
    torch.testing.assert_close(ImageDistance(target).psnr(others), torch.tensor([100.0, 20.0]), rtol=1e-4, atol=1e-3)


def test_unknown_features_are_refused() -> None:
    assert feature_maps("none", CPU, print) is None
    with pytest.raises(RequestError, match="random_conv, efficientnet, none"):
        feature_maps("vgg", CPU, print)


def test_efficientnet_is_asked_at_its_own_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pyramid of one pooling stands for the downloaded network; the gradient reaches the image."""
    seen: list[tuple[int, ...]] = []

    class Pooled(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
            seen.append(tuple(images.shape))
            return [torch.nn.functional.avg_pool2d(images, 8) + 1]

    monkeypatch.setattr(distance, "fetch_weights", lambda name, said, note: SimpleNamespace(tensors={}))
    monkeypatch.setattr(distance, "build_pyramid", lambda name, tensors: Pooled())
    maps, image = feature_maps("efficientnet", CPU, print), images(1).requires_grad_()
    (ImageDistance(images(2)[:1], maps)(image) - ImageDistance(images(2)[:1])(image)).sum().backward()
    assert seen == [(1, 3, 224, 224)] * 2
    assert image.grad is not None
    assert image.grad.abs().sum() > 0
