"""One pass over the images: what the networks compute under."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from hitzoo.data.open import open_source
from hitzoo.evaluation.features import extract
from hitzoo.evaluation.pictures import RGB, StoredImages
from hitzoo.spec.types import DataSpec
from tests.float32_settings import SETTINGS, reset, settings_in_effect


class Watching:
    """Notes what it is called under."""

    name, shape = "watching", (1,)

    def __init__(self) -> None:
        self.seen: list[tuple[bool, ...]] = []

    def __call__(self, pictures: RGB, positions: Sequence[int]) -> torch.Tensor:
        cudnn, settings = torch.backends.cudnn, settings_in_effect()
        exact = "tf32" not in (settings.products, settings.convolutions)
        self.seen.append((exact, cudnn.deterministic, not cudnn.benchmark, torch.is_inference_mode_enabled()))
        return torch.zeros(len(pictures), 1)


@pytest.mark.parametrize("changed", SETTINGS)
def test_features_are_exact_and_deterministic_whatever_a_program_has_set(
    monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    SETTINGS[changed]()
    before = settings_in_effect()
    network = Watching()
    try:
        pictures = StoredImages(open_source("synthetic", resolution=32), DataSpec(), 32, 4)
        extract(pictures, {"random_conv": network}, batch_size=2)
        assert settings_in_effect() == before
    finally:
        reset()
    assert network.seen == [(True,) * 4] * 2
    assert (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic) == (True, False)
