from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from hitzoo.errors import WeightsError
from hitzoo.families.compile import compile_spec
from hitzoo.sampling.load import load
from hitzoo.training.engine.state import TrainState, new_state
from hitzoo.training.run.checkpoint import Progress, load_checkpoint, read_progress, save_checkpoint
from tests.training.two_processes import AUTOENCODER

PROGRESS = Progress(step=3, images=12, seed=5)
FORMS = pytest.mark.parametrize(
    "optimizer",
    [
        "{kind: adam, form: keras, betas: [0.0, 0.99]}",
        "{kind: adam, form: keras, betas: [0.9, 0.99]}",
        "{kind: adam, form: torch, betas: [0.0, 0.99]}",
    ],
    ids=["keras", "keras with beta1", "torch"],
)


def fresh(spec, seed: int = 0) -> TrainState:
    return new_state(compile_spec(spec), spec.training, seed, torch.device("cpu"))


def learn(trained: TrainState, step: int) -> None:
    """An update by made-up gradients."""
    random = torch.Generator().manual_seed(step)
    for network in trained.networks.values():
        for weight in network.parameters():
            weight.grad = torch.randn(weight.shape, generator=random)
    trained.update(tuple(trained.networks), step)


def everything(trained: TrainState) -> dict[str, torch.Tensor]:
    networks = {role: (network, trained.optimizers[role]) for role, network in trained.networks.items()}
    found = {
        f"average {name}": tensor for name, tensor in trained.averages["generator"][0].network.state_dict().items()
    }
    for title, (network, optimizer) in networks.items():
        found |= {f"{title} {name}": tensor for name, tensor in network.state_dict().items()}
        found[f"{title} steps"] = torch.tensor(optimizer.param_groups[0].get("step", -1))
        for name, weight in network.named_parameters():
            found |= {f"{title} {name} {key}": value for key, value in optimizer.state[weight].items()}
    return {name: tensor.clone() for name, tensor in found.items()}


def assert_identical(mine: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> None:
    assert mine.keys() == theirs.keys()
    for name, tensor in mine.items():
        assert tensor.dtype == theirs[name].dtype
        assert torch.equal(tensor, theirs[name]), name


@pytest.fixture
def saved(tiny_spec, tmp_path):
    """A trained after three steps and its checkpoint."""

    def make(*overrides: str) -> tuple[TrainState, Path]:
        spec = tiny_spec(*overrides)
        trained = fresh(spec)
        for step in (1, 2, 3):
            learn(trained, step)
        return trained, save_checkpoint(tmp_path, spec, compile_spec(spec), trained, PROGRESS)

    return make


@FORMS
def test_checkpoint_gives_everything_back_to_the_bit(tiny_spec, saved, optimizer) -> None:
    override = f"training.optimizer={optimizer}"
    trained, place = saved(override)
    assert place.name == "step-00000003"
    other = fresh(tiny_spec(override), seed=1)
    assert load_checkpoint(place, other) == PROGRESS
    assert_identical(everything(other), everything(trained))
    learn(trained, 4)
    learn(other, 4)
    assert_identical(everything(other), everything(trained))


@FORMS
def test_checkpoint_of_before_the_first_update_gives_everything_back_too(tiny_spec, tmp_path, optimizer) -> None:
    spec = tiny_spec(f"training.optimizer={optimizer}")
    trained, other = fresh(spec), fresh(spec, seed=1)
    for progress in (Progress(0, 0, 5), Progress(3, 12, 5, skipped=3, skipped_in_a_row=3)):
        place = save_checkpoint(tmp_path, spec, compile_spec(spec), trained, progress)
        assert load_checkpoint(place, other) == progress
        assert_identical(everything(other), everything(trained))
    learn(trained, 4)
    learn(other, 4)
    assert_identical(everything(other), everything(trained))


def test_a_checkpoint_holds_the_average_as_a_model(saved) -> None:
    trained, place = saved()
    generator = load(place, device="cpu")
    assert_identical(generator.module.state_dict(), trained.averages["generator"][0].network.state_dict())
    live = trained.networks["generator"].state_dict()["initial.linear.weight"]
    assert not torch.equal(generator.module.state_dict()["initial.linear.weight"], live)


def test_the_same_state_is_the_same_bytes(tiny_spec, saved, tmp_path) -> None:
    trained, place = saved()
    again = save_checkpoint(tmp_path / "again", tiny_spec(), compile_spec(tiny_spec()), trained, PROGRESS)
    files = sorted(path.relative_to(place) for path in place.rglob("*") if path.is_file())
    assert len(files) == 7
    assert all((place / file).read_bytes() == (again / file).read_bytes() for file in files)


def test_a_checkpoint_that_is_there_stays(tiny_spec, saved, tmp_path) -> None:
    trained, place = saved()
    before = (place / "model.safetensors").read_bytes()
    learn(trained, 4)
    assert save_checkpoint(tmp_path, tiny_spec(), compile_spec(tiny_spec()), trained, PROGRESS) == place
    assert (place / "model.safetensors").read_bytes() == before


@pytest.mark.parametrize("damage", ["cut", "altered", "empty folder", "without an index"])
def test_one_that_is_there_and_damaged_is_not_mistaken_for_good(tiny_spec, saved, tmp_path, damage) -> None:
    trained, place = saved()
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    file = place / "training/optimizer.safetensors"
    if damage == "cut":
        file.write_bytes(before[file][:100])
    elif damage == "altered":
        file.write_bytes(before[file][:-1] + bytes([before[file][-1] ^ 1]))
    elif damage == "empty folder":
        shutil.rmtree(place)
        place.mkdir()
    else:
        (place / "training/index.json").unlink()
    assert save_checkpoint(tmp_path, tiny_spec(), compile_spec(tiny_spec()), trained, PROGRESS) == place
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["damaged-step-00000003", "step-00000003"]


def test_nothing_is_left_of_a_checkpoint_that_could_not_be_written(tiny_spec, tmp_path, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hitzoo.training.run.checkpoint.write_weights", full)
    spec = tiny_spec()
    with pytest.raises(Exception, match="no space left"):
        save_checkpoint(tmp_path / "in", spec, compile_spec(spec), fresh(spec), PROGRESS)
    assert list(tmp_path.rglob("*")) == []


FILES = (
    "model.safetensors",
    "training/generator.safetensors",
    "training/discriminator.safetensors",
    "training/optimizer.safetensors",
    "training/state.json",
)


@pytest.mark.parametrize("damage", ["cut", "empty", "missing", "garbage"])
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named(tiny_spec, saved, name, damage) -> None:
    _, place = saved()
    file = place / name
    if damage == "missing":
        file.unlink()
    else:
        content = file.read_bytes()
        file.write_bytes({"cut": content[: len(content) // 2], "empty": b"", "garbage": b"\xff" * 200}[damage])
    with pytest.raises(WeightsError, match=str(file)):
        load_checkpoint(place, fresh(tiny_spec()))


@pytest.mark.parametrize("name", FILES[:4])
def test_files_of_another_network_are_refused(tiny_spec, saved, tmp_path, name) -> None:
    _, place = saved()
    spec = tiny_spec("generator.stages[1].channels=12", "discriminator.channels=[6, 6]")
    other = fresh(spec)
    learn(other, 1)
    foreign = save_checkpoint(tmp_path / "other", spec, compile_spec(spec), other, PROGRESS)
    shutil.copy(foreign / name, place / name)
    with pytest.raises(WeightsError, match="another network"):
        load_checkpoint(place, fresh(tiny_spec()))


def test_the_weights_of_a_network_are_no_optimizer(tiny_spec, saved) -> None:
    _, place = saved()
    shutil.copy(place / "training/generator.safetensors", place / "training/optimizer.safetensors")
    with pytest.raises(WeightsError):
        load_checkpoint(place, fresh(tiny_spec()))


def test_optimizer_with_a_part_missing_is_refused(tiny_spec, saved, tmp_path) -> None:
    _, place = saved()
    spec = tiny_spec()
    learned = fresh(spec)
    learn(learned, 1)
    learned.optimizers["discriminator"].state.clear()
    partial = save_checkpoint(tmp_path / "partial", spec, compile_spec(spec), learned, PROGRESS)
    shutil.copy(partial / "training/optimizer.safetensors", place / "training/optimizer.safetensors")
    with pytest.raises(WeightsError):
        load_checkpoint(place, fresh(tiny_spec()))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"step": 3}', '{"step": 3, "images": 4, "seed": 5, "more": 6}', "3"])
def test_a_state_that_is_none_is_refused(saved, text) -> None:
    _, place = saved()
    (place / "training/state.json").write_text(text, encoding="utf-8")
    with pytest.raises(WeightsError, match=r"state\.json cannot be read"):
        read_progress(place)


def test_the_state_is_json_of_progress_alone(saved) -> None:
    _, place = saved()
    state = json.loads((place / "training/state.json").read_text(encoding="utf-8"))
    assert state == {"step": 3, "images": 12, "seed": 5, "skipped": 0, "skipped_in_a_row": 0}


def test_skipped_steps_come_back_and_a_state_of_before_they_were_counted_is_read(tiny_spec, tmp_path) -> None:
    spec, progress = tiny_spec(), replace(PROGRESS, skipped=7, skipped_in_a_row=2)
    place = save_checkpoint(tmp_path, spec, compile_spec(spec), fresh(spec), progress)
    assert read_progress(place) == progress
    (place / "training/state.json").write_text('{"step": 3, "images": 12, "seed": 5}', encoding="utf-8")
    assert read_progress(place) == PROGRESS


@FORMS
def test_weight_that_never_had_a_gradient_is_saved_and_resumed(tiny_spec, tmp_path, optimizer) -> None:
    spec = tiny_spec(f"training.optimizer={optimizer}")
    trained, other = fresh(spec), fresh(spec, seed=1)
    idle = {role: next(network.parameters()) for role, network in trained.networks.items()}
    for weight in idle.values():
        weight.requires_grad_(False)
    for step in (1, 2):
        for network in trained.networks.values():
            for weight in network.parameters():
                weight.grad = torch.full_like(weight, 0.1 * step) if weight.requires_grad else None
        trained.update(tuple(trained.networks), step)
    place = save_checkpoint(tmp_path, spec, compile_spec(spec), trained, PROGRESS)
    load_checkpoint(place, other)
    assert_identical(everything(other), everything(trained))
    assert not any(trained.optimizers[role].state.get(weight) for role, weight in idle.items())


def test_weight_with_a_part_of_its_optimizer_state_is_refused(tiny_spec, saved) -> None:
    override = "training.optimizer={kind: adam, form: torch, betas: [0.0, 0.99]}"
    _, place = saved(override)
    file = place / "training/optimizer.safetensors"
    tensors = load_file(file)
    del tensors["generator:initial.linear.weight:exp_avg_sq"]
    save_file(tensors, file)
    with pytest.raises(WeightsError, match=r"generator:initial\.linear\.weight:exp_avg_sq"):
        load_checkpoint(place, fresh(tiny_spec(override)))


def test_optimizer_of_another_form_is_refused(tiny_spec, saved) -> None:
    """Moments that are not there would begin at 0 in silence."""
    _, place = saved("training.optimizer={kind: adam, form: keras, betas: [0.0, 0.99]}")
    with pytest.raises(WeightsError, match="exp_avg"):
        load_checkpoint(place, fresh(tiny_spec("training.optimizer={kind: adam, form: keras, betas: [0.9, 0.99]}")))


def test_networks_of_other_roles_have_files_of_their_own(tiny_spec, tmp_path) -> None:
    """The chosen averages are the model, the others files beside the live networks."""
    averages = "training.ema=[{decay: 0.5}, {decay: 0.9}]"
    spec = tiny_spec(*AUTOENCODER, averages)
    trained, other = fresh(spec, 4), fresh(spec, 5)
    for step in (1, 20):
        learn(trained, step)
    trained.logits.after(3.0, -2.0)
    place = save_checkpoint(tmp_path, spec, compile_spec(spec), trained, Progress(20, 80, 5), chosen="0.9")
    for role in ("encoder", "quantizer"):
        chosen = trained.averages[role][1].network.state_dict()
        assert_identical(load_file(place / f"{role}.safetensors"), chosen)
        live = trained.networks[role].state_dict()
        assert_identical(load_file(place / "training" / f"{role}.safetensors"), live)
        assert (place / "training" / f"{role}-average-0.5.safetensors").is_file()
    load_checkpoint(place, other)
    assert_identical(everything(other), everything(trained))
    for role, own in trained.averages.items():
        for mine, theirs in zip(other.averages[role], own, strict=True):
            assert_identical(mine.network.state_dict(), theirs.network.state_dict())
    assert other.logits.values == trained.logits.values == pytest.approx((0.003, -0.002))


def test_decoder_of_another_run_is_refused(tiny_spec, tmp_path) -> None:
    spec = tiny_spec(*AUTOENCODER)
    trained = fresh(spec)
    place = save_checkpoint(tmp_path, spec, compile_spec(spec), trained, Progress(0, 0, 5))
    with pytest.raises(WeightsError, match="holds the weights of another network"):
        load_checkpoint(place, fresh(tiny_spec(*AUTOENCODER, "quantizer.codes=8")))
