"""A run that begins from the weights of a trained model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from hitzoo.errors import RunError, UnknownNameError, WeightsError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec, parse_spec
from hitzoo.sampling.load import load
from hitzoo.spec.types import Spec
from hitzoo.training.engine.state import TrainState, new_state
from hitzoo.training.run.events import NoEvents
from hitzoo.training.run.finetune import Taken, initialise
from hitzoo.training.run.loop import train
from hitzoo.training.run.options import RunOptions
from hitzoo.zoo.model_folder import write_model
from tests.families.stylegan2_generator.variables import TINY

BUNDLED = "hit-ti-shapes32"


def fresh(spec: Spec, seed: int = 0) -> TrainState:
    return new_state(compile_spec(spec), spec.training, seed, torch.device("cpu"))


def options(out: Path, **changes: object) -> RunOptions:
    return RunOptions(**{"out": out, "device": "cpu", "log_every": 1, "seed": 3, **changes})


class Notes(NoEvents):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def noted(self, message: str) -> None:
        self.notes.append(message)


def test_an_equal_spec_takes_everything_over() -> None:
    trained = fresh(load_spec(BUNDLED, ["training.ema=[{half_life: 5}, {half_life: 50}]"]))
    critic = {name: value.clone() for name, value in trained.networks["discriminator"].state_dict().items()}
    lines = initialise(trained, BUNDLED)
    weights = load(BUNDLED, device="cpu").module.state_dict()
    assert lines == [
        f"generator: {len(weights)} of {len(weights)} tensors loaded",
        "discriminator: freshly drawn (the model has none)",
    ]
    averages = [average.network for average in trained.averages["generator"]]
    assert len(averages) == 2
    for network in (trained.networks["generator"], *averages):
        state = network.state_dict()
        assert state.keys() == weights.keys()
        assert all(torch.equal(state[name], value) for name, value in weights.items())
    assert all(
        torch.equal(trained.networks["discriminator"].state_dict()[name], value) for name, value in critic.items()
    )
    assert trained.networks["generator"].training
    assert not any(average.training for average in averages)


def test_other_range_of_pixels_is_noted() -> None:
    first, *rest = initialise(fresh(load_spec(BUNDLED, ["data.range=imagenet"])), BUNDLED, "imagenet")
    assert "range unit, this run's in imagenet" in first
    assert "--set data.range=unit" in first
    assert rest == initialise(fresh(load_spec(BUNDLED)), BUNDLED)


def test_a_wider_spec_takes_over_what_fits_and_names_the_rest() -> None:
    spec = load_spec(BUNDLED, ["generator.stages[2].channels=64"])
    trained, drawn = fresh(spec), fresh(spec)
    generator, *rest, discriminator = initialise(trained, BUNDLED)
    state, before = trained.networks["generator"].state_dict(), drawn.networks["generator"].state_dict()
    weights = load(BUNDLED, device="cpu").module.state_dict()
    fitting = {name for name in state if name in weights and weights[name].shape == state[name].shape}
    others = [name for name in state if name not in fitting]
    assert 0 < len(fitting) < len(state)
    assert generator == f"generator: {len(fitting)} of {len(state)} tensors loaded"
    unused = sorted(weights.keys() - fitting)  # as they lie in the file
    for line, what, names in zip(
        rest, ("freshly drawn", "in the model, without a place here"), (others, unused), strict=True
    ):
        assert line == f"  {what}: {', '.join(names[:5])}, and {len(names) - 5} more"
        assert all(name.startswith(("stages.2", "stages.1")) for name in names)
    assert "freshly drawn" in discriminator
    assert all(torch.equal(state[name], weights[name]) for name in fitting)
    assert all(torch.equal(state[name], before[name]) for name in others)
    average = trained.averages["generator"][0].network.state_dict()
    assert all(torch.equal(average[name], value) for name, value in state.items())


def test_from_a_run_both_begin_from_the_average_and_the_discriminator_from_its_own(tiny_spec, tmp_path) -> None:
    end = train(tiny_spec("training.steps=2"), options(tmp_path / "run"))
    average = load_file(end.checkpoint / "model.safetensors")
    live = load_file(end.checkpoint / "training/generator.safetensors")
    assert any(not torch.equal(average[name], live[name]) for name in live)
    for model in (str(end.folder), str(end.checkpoint)):
        trained = fresh(tiny_spec(), seed=9)
        lines = initialise(trained, model)
        critic = load_file(end.checkpoint / "training/discriminator.safetensors")
        assert lines[-1] == f"discriminator: {len(critic)} of {len(critic)} tensors loaded"
        for network, wanted in (
            (trained.networks["generator"], average),
            (trained.averages["generator"][0].network, average),
            (trained.networks["discriminator"], critic),
        ):
            assert all(torch.equal(network.state_dict()[name], value) for name, value in wanted.items())
        assert not trained.optimizers["generator"].state  # they begin anew
        assert not trained.optimizers["discriminator"].state


def test_a_model_of_which_nothing_fits_is_refused(tiny_spec) -> None:
    with pytest.raises(RunError, match=f"^init {BUNDLED}: not one of its tensors fits the generator") as caught:
        initialise(fresh(tiny_spec()), BUNDLED)
    assert f"how {BUNDLED} and this spec differ" in str(caught.value)


def test_mean_style_of_the_model_is_not_that_of_what_is_trained(tmp_path) -> None:
    spec = parse_spec(TINY, "tiny-stylegan2")
    converted = fresh(spec, seed=1).networks["generator"].state_dict()
    converted["mapping.mean"] = torch.ones(5)
    write_model(tmp_path, spec, compile_spec(spec), converted)
    state = fresh(spec)
    initialise(state, str(tmp_path))
    for network in (state.networks["generator"], *(average.network for average in state.averages["generator"])):
        assert torch.equal(network.state_dict()["initial.weight"], converted["initial.weight"])
        assert not network.state_dict()["mapping.mean"].any()


def test_names_that_are_no_model_are_refused(tiny_spec, tmp_path) -> None:
    with pytest.raises(UnknownNameError, match="no model is named 'hit-ti-shape32'"):
        initialise(fresh(tiny_spec()), "hit-ti-shape32")
    with pytest.raises(WeightsError, match="neither a model"):
        initialise(fresh(tiny_spec()), str(tmp_path))
    with pytest.raises(WeightsError, match="is a spec without trained weights"):
        initialise(fresh(tiny_spec()), "hit-b-ffhq256")


def test_the_lines_name_five_and_count_the_rest() -> None:
    taken = Taken("generator", 1, 8, tuple("abcdefg"), ())
    assert taken.lines() == ["generator: 1 of 8 tensors loaded", "  freshly drawn: a, b, c, d, e, and 2 more"]
    assert replace(taken, fresh=(), unused=("x",)).lines()[1:] == ["  in the model, without a place here: x"]


def test_a_run_begins_from_it_says_so_and_resumes_as_ever(tiny_spec, tmp_path) -> None:
    source = train(tiny_spec("training.steps=2"), options(tmp_path / "source"))
    notes = Notes()
    whole = train(tiny_spec("training.steps=3"), options(tmp_path / "whole", init=str(source.folder)), notes)
    assert sum("tensors loaded" in note for note in notes.notes) == 2
    assert f'"init": "{source.folder}"' in (whole.folder / "run.json").read_text(encoding="utf-8")
    train(tiny_spec("training.steps=1"), options(tmp_path / "parts", init=str(source.folder)))
    notes = Notes()
    again = options(tmp_path / "parts", init=str(source.folder), resume=True)  # the same command with --resume
    rest = train(tiny_spec("training.steps=3"), again, notes)
    assert not any("loaded" in note for note in notes.notes)  # its own weights go before
    plain = train(tiny_spec("training.steps=3"), options(tmp_path / "plain"))
    mine, theirs, other = (load_file(end.checkpoint / "model.safetensors") for end in (rest, whole, plain))
    assert all(torch.equal(mine[name], value) for name, value in theirs.items())
    assert any(not torch.equal(mine[name], value) for name, value in other.items())
