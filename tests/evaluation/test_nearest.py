"""The nearest real images, and the test for copies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from hitzoo.errors import RequestError
from hitzoo.evaluation.data_copying import data_copying
from hitzoo.evaluation.distances import nearest_rows
from hitzoo.evaluation.nearest import NearestRequest, nearest
from hitzoo.sampling.generator import Generator


def random(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def copied(tiny_generator: Callable[..., Generator], tmp_path: Path) -> tuple[Generator, Path, Path]:
    """A generator, real images that are its own samples of seeds 0 to 11 (every other mirrored), and other ones."""
    model = tiny_generator("data.flip=true")
    train, other = tmp_path / "train", tmp_path / "other"
    for folder, first in ((train, 0), (other, 100)):
        folder.mkdir()
        for seed, pixels in enumerate(model.sample(seeds=range(first, first + 12)).pixels):
            shown = pixels[:, ::-1] if seed % 2 else pixels
            Image.fromarray(np.ascontiguousarray(shown)).save(folder / f"{seed:02d}.png")
    return model, train, other


def test_nearest_rows_are_those_of_a_loop() -> None:
    rows, among = random(0, 7, 5), random(1, 20, 5)
    distances, places = nearest_rows(rows, among, 3)
    for row, near, at in zip(rows, distances, places, strict=True):
        expected = (among - row).double().norm(dim=1).sort()
        torch.testing.assert_close(near, expected.values[:3], rtol=1e-5, atol=1e-5)
        assert at.tolist() == expected.indices[:3].tolist()
    distances, places = nearest_rows(among[4:6] + 0, torch.cat([among, among]), 2)
    assert distances.tolist() == [[0, 0], [0, 0]]
    assert places.tolist() == [[4, 24], [5, 25]]


def test_copies_are_found_mirrored_or_not(copied: tuple[Generator, Path, Path]) -> None:
    model, train, other = copied
    request = NearestRequest(seeds=[3, 4, 50], neighbours=2, data=str(train), held_out=str(other), samples=12)
    found = nearest(model, request)
    assert [names[0] for names in found.names[:2]] == ["03.png", "04.png"]
    assert found.distances[:2, 0].max() < 1e-5 < 0.1 < found.distances[2, 0]
    assert (found.pictures[1, 0] == found.samples[1]).all()
    assert (found.pictures[0, 0] == found.samples[0][:, ::-1]).all()
    assert found.mirrored
    assert found.copying is not None
    assert found.copying.z < -3
    assert found.copying.probability == 0
    assert (found.copying.samples, found.copying.held_out) == (12, 12)


def test_original_samples_pass(copied: tuple[Generator, Path, Path]) -> None:
    model, train, other = copied
    request = NearestRequest(seeds=[3], neighbours=1, data=str(other), held_out=str(train), samples=12)
    found = nearest(model, request)
    assert found.copying is not None
    assert abs(found.copying.z) < 1e-6  # the held-out images are the samples: distances are equal


def test_data_copying_is_the_mann_whitney_statistic() -> None:
    samples, held_out = random(0, 9).abs(), random(1, 13).abs()
    samples[3] = held_out[5]
    larger = sum((s > h).item() + 0.5 * (s == h).item() for s in samples for h in held_out)
    found = data_copying(samples, held_out)
    assert found.probability == pytest.approx(larger / (9 * 13))
    assert found.z == pytest.approx((larger - 9 * 13 / 2) / (9 * 13 * 23 / 12) ** 0.5)


def test_data_copying_tells_with_enough_images() -> None:
    """Where each sample is a copy, z passes the limit exactly where the test says that it can."""
    for held_out in range(1, 8):
        found = data_copying(torch.zeros(1000), torch.ones(held_out))
        assert found.can_tell(3) == (found.z < -3)
    assert not data_copying(torch.zeros(1000), torch.ones(3)).can_tell(3)
    assert data_copying(torch.zeros(1000), torch.ones(4)).can_tell(3)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"neighbours": 13}, "--neighbours 13: more than the 12 to search in"),
        ({"features": "vgg"}, "possible: random_conv, efficientnet"),
    ],
)
def test_impossible_search_is_refused(
    copied: tuple[Generator, Path, Path], changes: dict[str, object], said: str
) -> None:
    model, train, _ = copied
    with pytest.raises(RequestError, match=said):
        nearest(model, NearestRequest(**({"seeds": [0], "data": str(train)} | changes)))  # type: ignore[arg-type]
