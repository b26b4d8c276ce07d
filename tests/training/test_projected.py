"""Training against frozen features: exact when cut or resumed, and without the frozen weights in any file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from hitzoo.backbones.weights import VARIABLE, find_weights
from hitzoo.errors import HitzooError, RunError, WeightsError
from hitzoo.families.compile import compile_spec
from hitzoo.objectives.build import objective_of
from hitzoo.spec.types import Spec
from hitzoo.training.engine.runner import StepRunner
from hitzoo.training.engine.state import new_state
from hitzoo.training.run.events import NoEvents
from hitzoo.training.run.frozen_weights import with_frozen_weights
from hitzoo.training.run.loop import train
from tests.backbones.fixtures import backbone, random_backbone
from tests.backbones.random_weights import NAME, write_random_weights
from tests.training.test_resume import assert_same_run, options

__all__ = ["backbone", "random_backbone"]

SMALL = "discriminator={family: projected, input_size: 32, channels: 4}"
RECIPE = (
    "training.loss=hinge",
    "training.regularizers=[]",
    "training.augment={kind: diffaugment, policy: [color, translation, cutout]}",
)
CPU = torch.device("cpu")


@pytest.fixture
def projected(tiny_spec: Callable[..., Spec], backbone: Path) -> Callable[..., Spec]:
    return lambda *overrides: tiny_spec(SMALL, *RECIPE, *overrides)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place for the run that the tests begin from."""
    return tmp_path_factory.mktemp("begun") / "run"


@pytest.fixture
def begun(projected: Callable[..., Spec], stored: Path, tmp_path: Path) -> Path:
    """A run of two steps, a copy of one's own."""
    if not stored.exists():
        train(projected("training.steps=2"), options(stored, sample_every=9))
    return copytree(stored, tmp_path / "begun")


def test_four_steps_are_two_and_two_more(projected, begun: Path, tmp_path: Path) -> None:
    whole = train(projected(), options(tmp_path / "whole", sample_every=9))
    rest = train(projected(), options(begun, seed=None, resume=True, sample_every=9))
    assert_same_run(rest, whole)


def test_run_whose_augmentation_adapts_itself_is_resumed(projected, tmp_path: Path) -> None:
    """It is cut between two changes of the strength, when the signs of all places would be more than the images."""
    adaptive = projected("training.augment={kind: ada, target: -1.0, images: 100}", "training.steps=3")
    train(adaptive, options(tmp_path / "run", sample_every=9))
    state = json.loads((tmp_path / "run/checkpoints/step-00000003/training/state.json").read_text(encoding="utf-8"))
    assert abs(state["augmentation"]["signs"]) <= state["augmentation"]["judged"] == state["images"]
    longer = projected("training.augment={kind: ada, target: -1.0, images: 100}", "training.steps=4")
    assert train(longer, options(tmp_path / "run", seed=None, resume=True, sample_every=9)).step == 4


def test_no_file_holds_the_frozen_weights_and_every_record_names_them(begun: Path) -> None:
    sha256 = find_weights(NAME).sha256
    checkpoint = begun / "checkpoints/step-00000002"
    stored = load_file(checkpoint / "training/discriminator.safetensors")
    assert {name.split(".")[0] for name in stored} == {"heads"}
    assert sum(file.stat().st_size for file in begun.rglob("*") if file.is_file()) < 3_000_000
    for record in (checkpoint / "config.json", begun / "run.json"):
        said = json.loads(record.read_text(encoding="utf-8"))
        assert said["pretrained"]["discriminator"] == {
            "name": NAME,
            "trained_on": "ImageNet",
            "license": "apache-2.0",
            "sha256": sha256,
        }
        assert said["spec"]["discriminator"]["weights"] == sha256
    assert f"weights: {sha256}" in (begun / "spec.yaml").read_text(encoding="utf-8")


def refusal(kind: type[HitzooError], spec: Spec, out: Path) -> str:
    with pytest.raises(kind) as caught:
        train(spec, options(out, seed=None, resume=True))
    return str(caught.value)


def test_resuming_with_other_frozen_weights_is_refused(
    projected, begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = find_weights(NAME).sha256
    monkeypatch.setenv(VARIABLE, str(write_random_weights(tmp_path / "other.safetensors", seed=2)))
    other = find_weights(NAME).sha256
    said = refusal(RunError, projected(), begun)
    assert f"discriminator.weights: {sha256} in the run, {other} now" in said
    pinned = projected(f"discriminator.weights={sha256}")
    assert f"wanted {sha256[:12]}…; give the file that has them with {VARIABLE}" in refusal(WeightsError, pinned, begun)


def test_resuming_without_the_frozen_weights_says_how_to_get_them(
    projected, begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "gone.safetensors"))
    assert f"gone.safetensors, where the weights of {NAME} should be, cannot be read" in refusal(
        WeightsError, projected(), begun
    )


def test_process_with_other_frozen_weights_than_the_first_stops(projected) -> None:
    spec = projected()
    world = SimpleNamespace(broadcast_from_first=lambda make: "ab" * 32)
    with pytest.raises(
        WeightsError, match=r"this process has other frozen weights .* than the first \(abababababab…\)"
    ):
        with_frozen_weights(spec, compile_spec(spec), world, NoEvents())


def gradients(spec: Spec, pieces: int) -> dict[str, torch.Tensor]:
    """Weights of the discriminator after a step on one batch in some pieces."""
    plan = compile_spec(spec)
    state = new_state(plan, spec.training, 0, CPU)
    runner = StepRunner(
        state, objective_of(spec), seed=0, latent_dim=plan.input_width, device=CPU, micro_batches=pieces
    )
    batch = torch.randint(0, 256, (4, 8, 8, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert runner(1, batch).applied
    return dict(state.networks["discriminator"].state_dict())


def test_step_in_pieces_is_the_step(projected) -> None:
    spec = projected("generator.norm=layer", "training.optimizer.epsilon=0.01")
    whole, parts = gradients(spec, 1), gradients(spec, 2)
    for name, value in whole.items():
        torch.testing.assert_close(parts[name], value, atol=1e-5, rtol=1e-4, msg=name)


def test_new_run_takes_over_the_heads(projected, begun: Path, tmp_path: Path) -> None:
    class Told(NoEvents):
        lines: list[str] = []  # noqa: RUF012 - of this test

        def noted(self, message: str) -> None:
            self.lines.append(message)

    spec = projected("training.steps=1")
    train(spec, options(tmp_path / "tuned", sample_every=9, init=str(begun / "checkpoints/step-00000002")), Told())
    heads = len(load_file(begun / "checkpoints/step-00000002/training/discriminator.safetensors"))
    assert f"discriminator: {heads} of {heads} tensors loaded" in Told.lines


@pytest.mark.exhaustive
def test_bf16_step_is_finite(projected, tmp_path: Path) -> None:
    end = train(projected("training.steps=1"), options(tmp_path / "run", precision="bf16", sample_every=9))
    (line,) = (json.loads(text) for text in (end.folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines())
    assert all(abs(line[name]) < 100 for name in ("loss/generator", "loss/discriminator"))
