"""A model with a frozen network behind it goes to the Hub and back without that network."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from hitzoo.backbones.weights import VARIABLE, find_weights
from hitzoo.families.load import parse_spec
from hitzoo.hub.client import Hub
from hitzoo.hub.pull import pull
from hitzoo.sampling.load import load
from hitzoo.sampling.publish import publish
from hitzoo.training.run.loop import train
from hitzoo.training.run.options import RunOptions
from hitzoo.zoo.model_layout import DISCRIMINATOR_NAME, TRAINING_FILES
from hitzoo.zoo.weights import read_tensors
from tests.backbones.fixtures import backbone, random_backbone
from tests.backbones.random_weights import NAME
from tests.hub.conftest import SAID
from tests.support import TINY_HIT

__all__ = ["backbone", "random_backbone"]

TRAINING = """
training: {loss: hinge, regularizers: [], batch_size: 4, steps: 1}
data: {source: synthetic}
"""


def test_published_model_names_the_frozen_network_and_holds_none_of_it(
    backbone: Path, door: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = "discriminator={family: projected, input_size: 32, channels: 4}"
    end = train(parse_spec(TINY_HIT + TRAINING, "tiny", [section]), RunOptions(out=tmp_path / "run", device="cpu"))
    publish(end.checkpoint, "acme/projected", **SAID, extra=TRAINING_FILES, hub=door)
    sha256 = find_weights(NAME).sha256
    monkeypatch.setenv(VARIABLE, "nowhere")
    monkeypatch.setitem(sys.modules, "timm", None)
    folder = pull("acme/projected", extra=TRAINING_FILES, hub=door).folder
    assert {name.split(".")[0] for name in read_tensors(folder / DISCRIMINATOR_NAME)} == {"heads"}
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 1_000_000
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config["pretrained"]["discriminator"]["sha256"] == sha256
    assert sha256 in (folder / "hitzoo.yaml").read_text(encoding="utf-8")
    assert load(folder).sample(seeds=range(2)).pixels.shape == (2, 8, 8, 3)
