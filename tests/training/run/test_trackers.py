"""Trackers get what a run writes; none of them can stop it. Their libraries are stood in for here.

Each stand-in has of its library what a run uses, with the names and arguments of the releases that pyproject.toml
allows.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import hitzoo
from hitzoo.errors import ArgumentError, RequestError
from hitzoo.training.arguments import checked_arguments
from hitzoo.training.run.options import RunOptions
from hitzoo.training.run.record import RunRecord
from hitzoo.training.run.remembered_options import as_words, remembered, to_remember
from hitzoo.training.run.trackers import open as opening
from hitzoo.training.run.trackers.open import AllTrackers, GuardedTracker, known_trackers, open_trackers
from hitzoo.training.run.trackers.tracked_run import TrackedRun
from tests.support import TINY_HIT

RUN = TrackedRun("tiny", "0123456789abcdef", {"training": {"steps": 2, "betas": [0.0, 0.99]}}, resumed=False)
GREY = np.zeros((4, 4, 1), np.uint8)
VARIABLES = ("WANDB_MODE", "WANDB_PROJECT", "TRACKIO_PROJECT", "TRACKIO_SPACE_ID", "MLFLOW_EXPERIMENT_NAME")


class Log(list):
    """What a stand-in was told, in order."""

    def call(self, name: str, result: Any = None) -> Any:
        def called(*arguments: Any, **options: Any) -> Any:
            self.append((name, arguments, options))
            print(f"{name} talks")
            return result

        return called

    def of(self, name: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        return [(arguments, options) for called, arguments, options in self if called == name]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    """Stand-ins for all three libraries, which tell what they were told."""
    log = Log()
    run = SimpleNamespace(log=log.call("log"), finish=log.call("finish"), define_metric=log.call("define_metric"))
    wandb = ModuleType("wandb")
    wandb.login, wandb.init = log.call("login", False), log.call("wandb.init", run)
    wandb.Settings = dict
    wandb.Image = lambda picture: ("image", picture.size, picture.mode)
    trackio = ModuleType("trackio")
    trackio.init, trackio.Image = log.call("trackio.init", run), lambda pixels: ("image", pixels.shape)
    mlflow, entities = ModuleType("mlflow"), ModuleType("mlflow.entities")
    names = ("create_experiment", "get_experiment_by_name", "update_run", "log_batch", "log_image", "set_terminated")
    client = SimpleNamespace(**{name: log.call(name) for name in names})
    client.search_runs = log.call("search_runs", [])
    client.create_run = log.call("create_run", SimpleNamespace(info=SimpleNamespace(run_id="r1")))
    mlflow.MlflowClient = lambda: client
    entities.Metric, entities.Param = lambda *values: values, lambda *values: values
    for module in (wandb, trackio, mlflow, entities):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name in ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT"):
        monkeypatch.setenv(name, "1")
    return log


def tell(name: str, run: TrackedRun = RUN) -> list[str]:
    """Open a tracker, tell it a point and a picture, close it; return what was noted."""
    notes: list[str] = []
    [tracker] = open_trackers([name], run, notes.append)
    tracker.scalars(3, {"loss/r1": 0.5})
    tracker.grid(3, "samples", GREY)
    tracker.close()
    assert not tracker.writing
    return notes


def test_wandb_stays_offline_without_a_key(log: Log) -> None:
    assert tell("wandb") == [
        "wandb: no API key is known, so the run is kept here (./wandb, or $WANDB_DIR); later: wandb sync DIR"
    ]
    [(_, options)] = log.of("wandb.init")
    assert options["mode"] == "offline"
    assert (options["project"], options["name"], options["id"]) == ("hitzoo", "tiny", RUN.identity)
    assert options["config"] == RUN.config
    assert [told for (told,), _ in log.of("log")] == [
        {"step": 3, "loss/r1": 0.5},
        {"step": 3, "samples": ("image", (4, 4), "L")},
    ]
    assert len(log.of("finish")) == 1


def test_wandb_does_as_its_variables_say(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "online")
    monkeypatch.setenv("WANDB_PROJECT", "faces")
    assert tell("wandb", TrackedRun("tiny", "x", {}, resumed=True)) == []
    [(_, options)] = log.of("wandb.init")
    assert (options["mode"], options["project"], options["resume"]) == ("online", "faces", "allow")
    assert not log.of("login")


def test_trackio_finds_a_run_again_by_its_name(log: Log) -> None:
    assert tell("trackio") == []
    [(_, options)] = log.of("trackio.init")
    assert (options["name"], options["resume"], options["space_id"]) == ("tiny-012345", "allow", None)
    assert log.of("log") == [
        (({"loss/r1": 0.5},), {"step": 3}),
        (({"samples": ("image", (4, 4, 3))},), {"step": 3}),
    ]


def test_mlflow_has_parameters_metrics_and_pictures(log: Log) -> None:
    assert tell("mlflow") == []
    assert log.of("create_experiment")[0][0] == ("hitzoo",)
    params, metrics = (options for _, options in log.of("log_batch"))
    assert params["params"] == [("training.steps", "2"), ("training.betas.0", "0.0"), ("training.betas.1", "0.99")]
    [(name, value, _, step)] = metrics["metrics"]
    assert (name, value, step) == ("loss/r1", 0.5, 3)
    assert log.of("log_image")[0][1] == {"key": "samples", "step": 3}
    assert log.of("set_terminated") == [(("r1",), {})]


def test_mlflow_goes_on_with_a_run_it_knows(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    client = sys.modules["mlflow"].MlflowClient()
    monkeypatch.setattr(
        client, "search_runs", log.call("search_runs", [SimpleNamespace(info=SimpleNamespace(run_id="r0"))])
    )
    assert tell("mlflow") == []
    assert not log.of("create_run")
    assert "tags.`hitzoo.run` = '0123456789abcdef'" in log.of("search_runs")[0][0]
    assert log.of("set_terminated") == [(("r0",), {})]


@pytest.mark.parametrize("failing", ["init", "scalars", "grid", "close"])
def test_failure_is_noted_once_and_stops_nothing(failing: str, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []

    def act(name: str) -> Any:
        def called(*_: Any) -> None:
            print("talks")
            told.append(name)
            if name == failing:
                raise ConnectionError("no route to host\nand more")

        return called

    def way() -> Any:
        act("init")()
        return SimpleNamespace(**{name: act(name) for name in ("scalars", "grid", "close")})

    notes: list[str] = []
    tracker = AllTrackers([GuardedTracker("wandb", way, notes.append)])
    for _ in range(2):
        tracker.scalars(1, {})
        tracker.grid(1, "samples", GREY)
    tracker.close()
    assert notes == ["warning: wandb fails, and is told no more: no route to host"]
    assert told.count(failing) == 1
    assert told[-1] == failing
    assert not tracker.writing
    assert capsys.readouterr().out == ""


def test_trackers_are_known_and_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "find_spec", lambda name: None if name == "mlflow" else object())
    assert known_trackers(["wandb", "tensorboard", "wandb"]) == ("wandb", "tensorboard")
    with pytest.raises(
        RequestError, match="--log-to wandbb: give tensorboard, wandb, trackio, mlflow; did you mean 'wandb'"
    ):
        known_trackers(["wandbb"])
    with pytest.raises(RequestError, match=r"--log-to mlflow: mlflow is not installed; pip install 'hitzoo\[mlflow\]'"):
        known_trackers(["mlflow"])
    with pytest.raises(ArgumentError, match="log_to '3': give some of tensorboard, wandb, trackio, mlflow"):
        checked_arguments({"log_to": 3})


def test_resumed_run_tells_the_same_trackers(log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "find_spec", lambda name: object())
    spec = tmp_path / "tiny.yaml"
    spec.write_text(TINY_HIT + "training: {batch_size: 4, steps: 1}\n")
    out = tmp_path / "run"
    hitzoo.train(spec, out=out, data="synthetic", log_every=1, sample_every=1, log_to="trackio")
    hitzoo.train(out=out, resume=True, overrides=["training.steps=2"])
    before, after = (options["name"] for _, options in log.of("trackio.init"))
    assert before == after
    told = [(set(values), options["step"]) for (values,), options in log.of("log")]
    keys = {"loss/generator", "loss/discriminator", "d_real", "d_fake", "gradient_norm/generator", "images_per_second"}
    assert [step for values, step in told if keys <= values] == [1, 2]
    assert [step for values, step in told if "samples" in values] == [1, 2]
    assert [step for values, step in told if "diversity" in values] == [1, 2]
    session = RunRecord(out).last_session()
    assert remembered(session)["log_to"] == ("trackio",)


def test_trackers_are_remembered_as_words() -> None:
    assert "log_to" not in remembered({"options": {"log_to": "trackio"}})
    assert remembered({"options": {"log_to": ["wandb"]}}) == {"log_to": ("wandb",)}
    options = RunOptions(out=Path("x"), log_to=("wandb", "mlflow"))
    assert to_remember(options)["log_to"] == ["wandb", "mlflow"]
    assert "log_to" not in to_remember(RunOptions(out=Path("x")))
    assert as_words({"log_to": options.log_to}, RunOptions(out=Path("x"))) == "--log-to wandb --log-to mlflow"
