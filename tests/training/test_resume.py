"""A run that is cut and resumed is the undisturbed run, bit for bit."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from hitzoo.spec.batches import images_of_a_step
from hitzoo.training.run.events import NoEvents, RunEnd
from hitzoo.training.run.loop import train
from hitzoo.training.run.options import RunOptions

BOTH = "training.regularizers=[{kind: r1, weight: 1.0}, {kind: bcr, weight: 1.0, augment: [flip, color, cutout]}]"
CASES = {
    "batch norm, r1": [],
    "batch norm, r1 and bcr": [BOTH],
    "layer norm, hinge, no penalty": [
        "generator.norm=layer",
        "training.loss=hinge",
        "training.regularizers=[]",
        "discriminator.minibatch_std=2",
    ],
    "adam with both moments": ["training.optimizer.betas=[0.5, 0.9]"],
    "torch's adam": ["training.optimizer.form=torch"],
    "everything annealed": [
        "training.loss=relativistic",
        "training.regularizers=[{kind: r1, weight: {from: 2.0, to: 0.2, images: 12}}, {kind: r2}]",
        "training.optimizer.learning_rate={from: 0.02, to: 0.005, images: 10, shape: linear}",
        "training.optimizer.betas=[0.0, {from: 0.9, to: 0.99, images: 14}]",
        "training.optimizer.discriminator={clip_norm: 0.5, learning_rate: {from: 0.01, to: 0.002, images: 9}}",
        "training.optimizer.warm_up=6",
        "training.ema={half_life: {from: 0, to: 20, images: 12}, start_step: 0}",
    ],
    "alternating": [
        "training.updates={discriminator: 2, generator: 1, generator_batch_size: 6}",
        "training.regularizers=[{kind: r1, interval: 3}]",
        "training.optimizer.lazy_correction=true",
        "training.updates.generator_after=1",
        "training.updates.stale_gradient=true",
    ],
    "diffaugment and bcr": [
        BOTH,
        "training.augment={kind: diffaugment, strength: {from: 0.2, to: 0.9, images: 14}, policy: [color, hue, "
        "translation, {kind: cutout, probability: 0.5, per: batch}, filter]}",
    ],
    "ada on a schedule, by turns": [
        "training.augment={kind: ada, strength: {from: 0.1, to: 0.6, images: 20}}",
        "training.updates={discriminator: 2}",
    ],
    "relativistic, r1 and r2, san": [
        "training.loss=relativistic",
        "training.regularizers=[{kind: r1, weight: 1.0}, {kind: r2, weight: 1.0, interval: 2}]",
        "discriminator.san=true",
    ],
    "relativistic, finite differences": [
        "training.loss=relativistic",
        "training.regularizers=[{kind: r1, method: finite_difference}, "
        "{kind: r2, method: finite_difference, sigma: 0.1, fraction: 0.5}]",
    ],
    "path length and lecam": [  # both compare with averages that follow what the run has seen
        "generator={family: stylegan2, latent_dim: 6, style_dim: 5, channels: [4, 3], style_mixing: 0.9}",
        "training.regularizers=[{kind: path_length, interval: 2}, {kind: lecam, weight: 1.0, decay: 0.5}]",
    ],
    "wasserstein": [
        "training.loss=wasserstein",
        "training.regularizers=[{kind: wgan_gp, target: 2.0}, {kind: drift, of: mean}]",
    ],
}


def options(out: Path, **changes: object) -> RunOptions:
    return RunOptions(**{"out": out, "device": "cpu", "log_every": 1, "sample_every": 2, "seed": 3, **changes})


def tensors(checkpoint: Path) -> dict[str, torch.Tensor]:
    found = {}
    for file in sorted(checkpoint.rglob("*.safetensors")):
        found |= {f"{file.relative_to(checkpoint)} {name}": tensor for name, tensor in load_file(file).items()}
    return found


def lines(folder: Path) -> list[dict[str, float]]:
    """The metrics apart from what the clock says."""
    text = (folder / "metrics.jsonl").read_text(encoding="utf-8")
    return [
        {key: value for key, value in json.loads(line).items() if "second" not in key and key != "data_wait"}
        for line in text.splitlines()
    ]


def assert_same_run(mine: RunEnd, theirs: RunEnd) -> None:
    assert (mine.step, mine.signal) == (theirs.step, theirs.signal)
    one, other = tensors(mine.checkpoint), tensors(theirs.checkpoint)
    assert one.keys() == other.keys()
    assert len({name.split(" ")[0] for name in one}) == 4
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name
    assert lines(mine.folder) == lines(theirs.folder)
    with Image.open(mine.samples) as mine_grid, Image.open(theirs.samples) as their_grid:
        assert mine_grid.tobytes() == their_grid.tobytes()


@pytest.mark.parametrize("overrides", CASES.values(), ids=CASES.keys())
def test_four_steps_are_two_and_two_more(tiny_spec, tmp_path, overrides) -> None:
    whole = train(tiny_spec(*overrides), options(tmp_path / "whole"))
    half = train(tiny_spec(*overrides, "training.steps=2"), options(tmp_path / "parts"))
    assert (half.step, lines(half.folder)[-1]["step"]) == (2, 2)
    rest = train(tiny_spec(*overrides), options(tmp_path / "parts", seed=None, resume=True))
    assert_same_run(rest, whole)
    assert [line["step"] for line in lines(rest.folder)] == [1, 2, 2, 3, 4, 4], "every second has a grid, too"
    shown = images_of_a_step(tiny_spec(*overrides).training)
    assert [line["images"] for line in lines(rest.folder)] == [line["step"] * shown for line in lines(rest.folder)]


def test_the_first_steps_matter_to_the_last(tiny_spec, tmp_path) -> None:
    """What the comparison above is worth: another seed gives other numbers everywhere."""
    one = tensors(train(tiny_spec("training.steps=2"), options(tmp_path / "one")).checkpoint)
    other = tensors(train(tiny_spec("training.steps=2"), options(tmp_path / "other", seed=4)).checkpoint)
    assert one.keys() == other.keys()
    same = [name for name in one if torch.equal(one[name], other[name])]
    assert same == [name for name in same if name.endswith(":step")]


class Interrupter(NoEvents):
    """Sends a signal when a step was recorded."""

    def __init__(self, step: int, number: int = signal.SIGINT) -> None:
        self.step, self.number = step, number

    def recorded(self, record) -> None:
        if record.step == self.step:
            signal.raise_signal(self.number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_saves_and_goes_on_as_if_nothing_had_been(tiny_spec, tmp_path, number) -> None:
    whole = train(tiny_spec(), options(tmp_path / "whole"))
    cut = train(tiny_spec(), options(tmp_path / "cut"), Interrupter(2, number))
    assert cut.signal == number
    assert cut.step < 4
    assert cut.checkpoint == tmp_path / "cut" / "checkpoints" / f"step-{cut.step:08d}"
    assert len(tensors(cut.checkpoint)) > 50
    rest = train(tiny_spec(), options(tmp_path / "cut", seed=None, resume=True))
    assert_same_run(rest, whole)


def test_an_interrupted_run_shows_its_last_samples(tiny_spec, tmp_path) -> None:
    cut = train(tiny_spec(), options(tmp_path, sample_every=100), Interrupter(2))
    assert cut.samples.is_file()


def test_a_run_cut_before_its_first_checkpoint_resumes_with_its_own_seed(tiny_spec, tmp_path) -> None:
    class Killed(NoEvents):
        def recorded(self, record) -> None:
            raise SystemExit(1)  # nothing that saves or tidies

    with pytest.raises(SystemExit):
        train(tiny_spec(), options(tmp_path / "cut"), Killed())
    assert not (tmp_path / "cut" / "checkpoints").exists()
    rest = train(tiny_spec(), options(tmp_path / "cut", seed=None, resume=True))
    assert_same_run(rest, train(tiny_spec(), options(tmp_path / "whole")))
