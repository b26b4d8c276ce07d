"""A run with several averages: which one its evaluations choose, and where the choice is found."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from hitzoo.cli.stored_evaluation import settled, store_in_run
from hitzoo.errors import WeightsError
from hitzoo.evaluation.evaluator import Evaluator
from hitzoo.evaluation.report import Report, Score
from hitzoo.families.load import parse_spec
from hitzoo.hub.model_card import Terms
from hitzoo.hub.upload import prepare
from hitzoo.sampling.load import load
from hitzoo.sampling.publish import publication
from hitzoo.sampling.recalibration import Recalibration, batch_norms, recalibrate
from hitzoo.sampling.weights_digest import weights_digest
from hitzoo.spec.types import Spec
from hitzoo.training.run.events import NoEvents, RunEnd
from hitzoo.training.run.loop import train
from hitzoo.training.run.metrics import Record
from hitzoo.training.run.options import RunOptions
from hitzoo.zoo.file_digests import sha256_of
from hitzoo.zoo.model_layout import TRAINING_FILES
from hitzoo.zoo.weights import read_metadata
from tests.conftest import Run
from tests.training.conftest import TINY

SEVERAL = [
    "training.ema=[{half_life: 4, start_step: 0}, {half_life: 40, start_step: 0}, {decay: 0.75, start_step: 0}]",
    "evaluation={metrics: [sliced_wasserstein], samples: 4, real_samples: 4, every: 3}",
    "training.steps=6",
]
FIRST, SECOND, THIRD = "4", "40", "0.75"
METRIC = "sliced_wasserstein"
RESUMED = {"resume": True, "seed": None}
SCORES = [3.0, 1.0, 2.5, 9.0, 8.0, 2.0]  # of the three averages at steps 3 and 6


@pytest.fixture(autouse=True, scope="module")
def _scored() -> Iterator[None]:
    """Evaluations that find, of each average at each step, what SCORES has for it."""
    evaluate, of_weights = Evaluator.evaluate, {}

    def found(self, generator, **how):
        report = evaluate(self, generator, **how)
        weights = report.scores[0].protocol["generated"]["weights"]
        value = of_weights.setdefault(weights, SCORES[len(of_weights) % len(SCORES)])
        return replace(report, scores=(replace(report.scores[0], value=value),))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Evaluator, "evaluate", found)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, _scored: None) -> RunEnd:
    """A run from its first step to its last."""
    return run(parse_spec(TINY, "tiny", SEVERAL), tmp_path_factory.mktemp("whole") / "run", checkpoint_every=5)


class Stopping(NoEvents):
    """Asks the run to stop once a step was recorded."""

    def __init__(self, at: int) -> None:
        self.at = at

    def recorded(self, record: Record) -> None:
        if record.step == self.at:
            signal.raise_signal(signal.SIGTERM)


def run(spec: Spec, out: Path, stop_at: int = 0, **changes: object) -> RunEnd:
    given = {"out": out, "device": "cpu", "log_every": 1, "seed": 3, "keep": 9, **changes}
    return train(spec, RunOptions(**given), Stopping(stop_at))


def weights_of(checkpoint: Path, average: str) -> dict[str, torch.Tensor]:
    return load_file(checkpoint / f"training/generator-average-{average}.safetensors")


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_the_best_average_of_an_evaluation_is_the_model(whole: RunEnd) -> None:
    chosen = {3: SECOND, 5: SECOND, 6: THIRD}  # at 5 nothing is evaluated: the last choice stays
    for step, name in chosen.items():
        place = whole.folder / f"checkpoints/step-{step:08d}"
        assert read_metadata(place / "model.safetensors")["average"] == name
        beside = {path.name for path in (place / "training").glob("generator-average*")}
        assert beside == {f"generator-average-{other}.safetensors" for other in {FIRST, SECOND, THIRD} - {name}}
    best = json.loads((whole.folder / "best.json").read_text(encoding="utf-8"))
    assert (best["checkpoint"], best["average"], best["value"]) == ("step-00000003", SECOND, 1.0)
    lines = [json.loads(line) for line in (whole.folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line.get("average") for line in lines] == [None, None, SECOND, None, None, THIRD]
    assert [lines[2][key] for key in (f"eval/{METRIC}", f"eval-4/{METRIC}", f"eval-0.75/{METRIC}")] == [1.0, 3.0, 2.5]


def test_averages_differ_and_are_loaded_by_name(whole: RunEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(whole.folder.parent)
    model = load("run", device="cpu").module.state_dict()
    assert same(model, load_file(whole.checkpoint / "model.safetensors"))
    assert same(model, load(f"run:{THIRD}", device="cpu").module.state_dict())
    found = load(f"run@6:{SECOND}", device="cpu").module.state_dict()
    assert same(found, weights_of(whole.checkpoint, SECOND))
    assert not same(found, model)
    live = load(f"{whole.checkpoint}:live", device="cpu").module.state_dict()
    assert same(live, load_file(whole.checkpoint / "training/generator.safetensors"))
    with pytest.raises(WeightsError, match=r"no average '41'; there are 0\.75, 4, 40, live"):
        load("run:41", device="cpu")


def test_an_evaluation_that_was_owed_names_the_best_of_a_checkpoint_saved_before(tiny_spec, tmp_path, monkeypatch):
    """The run stops at step 3 and saves the first average; then it finds another one better."""
    run(tiny_spec(*SEVERAL), tmp_path / "run", stop_at=2)
    end = run(tiny_spec(*SEVERAL), tmp_path / "run", **RESUMED)
    place = end.folder / "checkpoints/step-00000003"
    assert read_metadata(place / "model.safetensors")["average"] == FIRST
    monkeypatch.chdir(tmp_path)
    best = load("run@best", device="cpu").module.state_dict()
    assert same(best, weights_of(place, SECOND))


@pytest.mark.parametrize(("stop_at", "kept"), [(2, True), (3, False)])
def test_a_resumed_run_ends_in_the_same_files(whole, tiny_spec, tmp_path, stop_at, kept) -> None:
    """Step 5, where nothing is evaluated, is saved with the choice of before: by the metrics, or by the checkpoint."""
    run(tiny_spec(*SEVERAL), tmp_path / "parts", stop_at=stop_at)
    if not kept:
        (tmp_path / "parts/metrics.jsonl").unlink()
    rest = run(tiny_spec(*SEVERAL), tmp_path / "parts", checkpoint_every=5, **RESUMED)
    for file in sorted(path for step in (5, 6) for path in whole.folder.rglob(f"step-0000000{step}/**/*.safetensors")):
        assert file.read_bytes() == (rest.folder / file.relative_to(whole.folder)).read_bytes(), file
    assert (rest.folder / "best.json").read_bytes() == (whole.folder / "best.json").read_bytes()


def test_choice_is_that_of_the_last_evaluation_also_where_no_checkpoint_knows_it(tiny_spec, tmp_path) -> None:
    """A run that made up for an evaluation may be killed before it saves again."""
    run(tiny_spec(*SEVERAL), tmp_path / "run", stop_at=3)
    metrics = tmp_path / "run/metrics.jsonl"
    metrics.write_text(metrics.read_text().replace(f'"average": "{SECOND}"', f'"average": "{THIRD}"'))
    end = run(tiny_spec(*SEVERAL), tmp_path / "run", checkpoint_every=5, **RESUMED)
    assert read_metadata(end.folder / "checkpoints/step-00000005/model.safetensors")["average"] == THIRD


def test_another_average_is_named_in_every_verb(whole: RunEnd, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(whole.folder.parent)
    checkpoint = whole.checkpoint.absolute()
    assert settled(f"run:{SECOND}") == f"{checkpoint}:{SECOND}"
    assert settled("run") == settled(f"run:{THIRD}") == str(checkpoint)
    report = Report(scores=(Score(metric="fid", name="fid", value=7.0, deviation=None, better="lower", protocol={}),))
    store_in_run(settled(f"run:{SECOND}"), report, note=lambda message: None)
    (kept,) = (whole.folder / "evaluations").glob("step-00000006-*.json")
    other = checkpoint / f"training/generator-average-{SECOND}.safetensors"
    assert json.loads(kept.read_text(encoding="utf-8"))["weights_file"] == sha256_of(other)
    assert run("info", f"run:{SECOND}", "--json").stdout.count(f'"average": "{SECOND}"') == 1
    assert f"{METRIC} 1 at 3 ({SECOND})" in " ".join(run("runs", ".").stdout.split())
    assert load(f"run:{SECOND}", device="cpu").label == f"run-step-00000006-{SECOND}"


def test_what_is_published_is_one_average_and_says_which(whole: RunEnd, tmp_path: Path) -> None:
    terms = Terms(license="mit")
    half = "with a half-life of 40 images"
    decay = "0.75 per step, a half-life of 10 images"
    for model, name, words, value in (
        (str(whole.folder), THIRD, decay, 2.0),
        (f"{whole.folder}:{SECOND}", SECOND, half, 8.0),
    ):
        folder = tmp_path / f"published-{name}"
        folder.mkdir()
        release = prepare(publication(model, "me/x", terms, extra=TRAINING_FILES), folder)
        assert read_metadata(release.files["model.safetensors"])["average"] == name
        card = release.files["README.md"].read_text(encoding="utf-8")
        assert f"moving average of the generator: {words} (one of 4, 40, 0.75), float32" in card
        report = json.loads(release.files["evaluation.json"].read_text(encoding="utf-8"))
        assert (report["average"], report["scores"][0]["value"]) == (name, value)
        assert "training/generator-average-4.safetensors" in release.files
    live = prepare(publication(f"{whole.folder}:live", "me/x", terms), tmp_path)
    card = live.files["README.md"].read_text(encoding="utf-8")
    assert "the generator itself, not its moving average, float32" in card
    assert "evaluation.json" not in live.files


ANEW = [
    "training.ema={decay: 0.75, start_step: 0, recalibrate: 8}",
    "evaluation={metrics: [sliced_wasserstein], samples: 4, real_samples: 4, every: 2}",
    "training.steps=3",
]


def test_a_recalibrated_average_is_evaluated_and_saved_as_such(tiny_spec, tmp_path) -> None:
    spec = tiny_spec(*ANEW)
    end = run(spec, tmp_path / "run", checkpoint_every=1)
    found = load(end.checkpoint, device="cpu")
    assert found.metadata["recalibrated"] == 8
    report = json.loads((end.folder / "evaluations/step-00000003.json").read_text(encoding="utf-8"))
    assert report["scores"][0]["protocol"]["generated"]["weights"] == weights_digest(found.module)
    for model in (found, load(f"{end.folder}@1", device="cpu")):  # the other one was not evaluated
        again = deepcopy(model.module)
        for norm in batch_norms(again):
            norm.running_mean.fill_(5.0)
        recalibrate(again, Recalibration.of(found.plan, spec.training, 8, 3))
        assert same(again.state_dict(), model.module.state_dict())
    plain = run(tiny_spec("training.ema={decay: 0.75, start_step: 0}", *ANEW[1:]), tmp_path / "plain")
    own, other = (load_file(one.checkpoint / "model.safetensors") for one in (end, plain))
    differing = {name for name in own if not torch.equal(own[name], other[name])}
    assert differing == {name for name in own if "running_" in name}
    for network in ("generator", "discriminator"):  # training goes on as it would
        file = f"training/{network}.safetensors"
        assert same(load_file(end.checkpoint / file), load_file(plain.checkpoint / file))


def test_a_resumed_run_recalibrates_to_the_same_bits(tiny_spec, tmp_path) -> None:
    spec = tiny_spec(*ANEW)
    undisturbed = run(spec, tmp_path / "undisturbed")
    run(spec, tmp_path / "parts", stop_at=1)
    rest = run(spec, tmp_path / "parts", **RESUMED)
    assert (rest.checkpoint / "model.safetensors").read_bytes() == (
        undisturbed.checkpoint / "model.safetensors"
    ).read_bytes()
    grids = [end.folder / "samples/step-00000003.png" for end in (undisturbed, rest)]
    assert grids[0].read_bytes() == grids[1].read_bytes()


def test_average_without_memory_for_recalibration_is_saved_as_it_is(tiny_spec, tmp_path, monkeypatch) -> None:
    """The run goes on, and no file says what is not so."""

    def full(*how: object) -> None:
        raise torch.OutOfMemoryError("Tried to allocate 2.00 GiB")

    monkeypatch.setattr("hitzoo.training.engine.ema.recalibrate", full)
    spec = tiny_spec(ANEW[0], "training.steps=2")
    end = run(spec, tmp_path / "run", sample_every=9)
    assert end.step == 2
    assert "recalibrated" not in load(end.checkpoint, device="cpu").metadata
