"""Every model whose weights travel with hitzoo: small enough, with a whole record, and fit for every verb."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.fold.network import OptimizedNetwork
from hitzoo.sampling.load import load
from hitzoo.sampling.replayed import unwrapped
from hitzoo.spec.shipped import shipped_folder
from hitzoo.zoo.cards import BUNDLED, Card, cards
from tests.conftest import Run

MAX_MODEL_BYTES, MAX_ZOO_BYTES = 8_000_000, 56_000_000  # the wheel is to stay below 60 MB (decision 40)
MODELS = {name: card for name, card in cards().items() if card.status == BUNDLED}
NOT_IN_PARTS = {
    "hit": "no part of it can be computed alone",
    "transgan": "a generator of the family transgan computes whole images only",
}
GENERATORS = [name for name, card in MODELS.items() if not compile_spec(load_spec(card.spec)).is_autoencoder]


def test_bundled_models_are_small() -> None:
    for name, card in MODELS.items():
        assert card.whole_size <= MAX_MODEL_BYTES, name
    assert sum(path.stat().st_size for path in shipped_folder("zoo").iterdir()) < MAX_ZOO_BYTES


@pytest.mark.parametrize("card", MODELS.values(), ids=MODELS)
def test_a_bundled_record_is_complete(card: Card) -> None:
    assert card.data is not None
    assert card.measured
    assert card.evaluation.split(" && ")[-1].startswith(f"hitzoo eval {card.name} --data ")
    assert _data_of(card.evaluation) <= {"synthetic", "fashion:train+test", *_made_files(card)}
    assert _data_of(card.provenance["command"]) <= {"fashion:train+test", *_made_files(card)}
    assert card.data.credit or "BY" not in card.data.license
    made = card.provenance
    words = shlex.split(made["command"])
    assert words[:3] == ["hitzoo", "train", card.spec]
    assert not [word for word in words if word.startswith(("/", "~"))], "a folder of somebody's machine"
    assert made["images"] >= made["steps"] > 0


def _data_of(commands: str) -> set[str]:
    """What `hitzoo train` and `hitzoo eval` are told to read; fashion:train+test is as its authors publish it."""
    words = shlex.split(commands)
    return {words[index + 1] for index, word in enumerate(words) if word == "--data"}


def _made_files(card: Card) -> list[str]:
    """Files that the record's own commands make before they are read."""
    makers = [card.data.command if card.data else "", *card.evaluation.split(" && ")]
    return [word for maker in makers if " data make " in maker for word in maker.split() if word.endswith(".zip")]


@pytest.mark.parametrize("name", GENERATORS)
def test_samples_differ_and_are_the_optimized_networks_too(name: str) -> None:
    model = load(name, device="cpu")
    samples = model.sample(seeds=range(6))
    raw = np.asarray(samples.raw)
    assert len({row.tobytes() for row in raw}) == 6
    assert np.abs(raw - raw.mean(axis=0)).mean() > 0.1  # of a range of 2: not one image six times
    assert raw.std(axis=(1, 2, 3)).min() > 0.1  # and none of one colour
    np.testing.assert_allclose(model.fast().sample(seeds=range(6)).raw, raw, rtol=0, atol=2e-3)


@pytest.mark.parametrize("name", GENERATORS)
def test_a_rendered_region_is_that_of_the_sample(run: Run, name: str) -> None:
    words = ("render", name, "--seed", 7, "--region", "8,4,16,16", "--out", "part.png")
    optimized = unwrapped(load(name, device="cpu").fast().module)
    assert isinstance(optimized, OptimizedNetwork)
    if optimized.pixelwise is None:
        reason = NOT_IN_PARTS[compile_spec(load_spec(MODELS[name].spec)).generator.family]
        assert f"{reason}; `hitzoo sample` makes the image" in run(*words, code=2).stderr
        return
    run(*words)
    run("sample", name, "--seeds", 7, "--out", "whole")
    (path,) = Path("whole").glob("*.png")
    with Image.open(path) as whole, Image.open("part.png") as part:
        there = np.asarray(whole, np.int16)[4:20, 8:24]
        assert np.abs(there - np.asarray(part, np.int16)).max() <= 1


@pytest.mark.exhaustive  # half a minute each
@pytest.mark.parametrize("name", MODELS)
def test_exported_they_make_the_same_images(run: Run, name: str) -> None:
    printed = run("export", name, "--out", "g.onnx").stdout  # export itself compares with PyTorch's and refuses
    assert "largest difference from PyTorch's" in printed
