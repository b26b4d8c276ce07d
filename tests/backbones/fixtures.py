"""Fixtures for tests of several rooms that need a frozen network without a download."""

from __future__ import annotations

from pathlib import Path

import pytest

from hitzoo.backbones.weights import VARIABLE
from tests.backbones.random_weights import write_random_weights


@pytest.fixture(scope="session")
def random_backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of random weights; without timm nothing of this can be tested."""
    pytest.importorskip("timm", reason="hitzoo[features] is not installed")
    return write_random_weights(tmp_path_factory.mktemp("backbone") / "random.safetensors")


@pytest.fixture
def backbone(random_backbone: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of random weights, named to hitzoo."""
    monkeypatch.setenv(VARIABLE, str(random_backbone))
    return random_backbone
