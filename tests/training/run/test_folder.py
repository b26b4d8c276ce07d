from __future__ import annotations

import json
import os
import platform
import sys
from datetime import UTC, datetime, timedelta

import pytest
import torch

from hitzoo.errors import OutputError, RunError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.spec.convert import to_data
from hitzoo.training.run.folder import RunFolder

SESSION = {"device": "cpu", "device_name": "a processor", "world_size": 1}


@pytest.fixture
def started(tiny_spec, tmp_path) -> RunFolder:
    """The folder of a run that has just begun."""
    folder = RunFolder(tmp_path / "run")
    spec = tiny_spec()
    folder.describe(spec, compile_spec(spec), seed=7, session=SESSION)
    return folder


def test_it_says_what_the_run_is(tiny_spec, started) -> None:
    spec, plan = tiny_spec(), compile_spec(tiny_spec())
    assert load_spec(started.spec) == spec
    about = json.loads(started.about.read_text(encoding="utf-8"))
    assert (about["seed"], about["name"]) == (7, "tiny")
    assert about["generator_plan"] == plan.generator_hash
    assert about["discriminator_plan"] == plan.discriminator_hash
    assert about["spec"] == json.loads(json.dumps(to_data(spec)))
    (session,) = about["sessions"]
    assert {key: session[key] for key in SESSION} == SESSION
    assert (session["command"], session["pid"], session["host"]) == (sys.argv, os.getpid(), platform.node())
    assert session["versions"].keys() == {"python", "torch", "hitzoo", "numpy", "pillow", "safetensors"}
    assert session["versions"]["torch"] == torch.__version__
    age = datetime.now(UTC) - datetime.fromisoformat(session["started"])
    assert timedelta(seconds=-1) < age < timedelta(hours=1)


def test_every_session_is_remembered(tiny_spec, started) -> None:
    spec, plan = tiny_spec("training.steps=9"), compile_spec(tiny_spec())
    started.describe(spec, plan, seed=7, session={"device": "cuda:0", "world_size": 8})
    about = json.loads(started.about.read_text(encoding="utf-8"))
    assert [(session["device"], session["world_size"]) for session in about["sessions"]] == [("cpu", 1), ("cuda:0", 8)]
    assert about["spec"]["training"]["steps"] == 9


def test_a_session_begins_by_removing_what_a_killed_one_left(tiny_spec, started) -> None:
    half = [
        started.path / ".metrics.jsonl.0123abcd.tmp",
        started.checkpoints / ".step-00000004.89abcdef.tmp" / "model.safetensors",
        started.samples / ".real.png.00000000.tmp",
        started.evaluations / ".step-00000004.json.00000000.tmp",
    ]
    whole = [
        started.checkpoints / "step-00000002" / "model.safetensors",
        started.checkpoints / "damaged-step-00000003" / "model.safetensors",
        started.path / ".mine.tmp",
        started.path / "notes.0123abcd.tmp",
    ]
    for file in (*half, *whole):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("half", encoding="utf-8")
    started.describe(tiny_spec(), compile_spec(tiny_spec()), seed=7, session=SESSION)
    assert not any(file.exists() for file in half)
    assert list(started.checkpoints.glob(".*")) == []
    assert all(file.exists() for file in whole)


def test_an_absent_and_an_empty_folder_can_be_used(tmp_path) -> None:
    RunFolder(tmp_path / "absent").refuse_if_used()
    RunFolder(tmp_path).refuse_if_used()
    assert not (tmp_path / "absent").exists()


def test_a_folder_with_a_run_is_refused_with_the_ways_on(started) -> None:
    with pytest.raises(OutputError, match=r"holds a run already.*resume=True.*another folder as out"):
        started.refuse_if_used()


def test_anything_else_there_is_refused(tmp_path) -> None:
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    for path in (file, tmp_path):
        with pytest.raises(OutputError, match="not an empty folder"):
            RunFolder(path).refuse_if_used()
    assert file.read_text(encoding="utf-8") == "mine"


def test_a_checkpoint_alone_is_a_run_too(tmp_path) -> None:
    folder = RunFolder(tmp_path)
    assert not folder.holds_run()
    assert folder.newest_checkpoint() is None
    for step in (2, 10):
        (folder.checkpoints / f"step-{step:08d}").mkdir(parents=True)
    assert folder.holds_run()
    assert folder.newest_checkpoint() == folder.checkpoints / "step-00000010"


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("training.batch_size=8", "training.batch_size: 4 in the run, 8 now"),
        ("generator.stages[0].heads=4", "heads: 2 in the run, 4 now"),
        ("training.optimizer.learning_rate=0.5", "training.optimizer.learning_rate: 0.01 in the run, 0.5 now"),
        ("data.flip=false", "data.flip: true in the run, false now"),
        ("name=other", "name: tiny in the run, other now"),
        ("training.regularizers=[]", "training.regularizers"),
        ("training.augment={kind: diffaugment}", "training.augment.kind: absent in the run, diffaugment now"),
        ("training.ema=[{half_life: 8}, {half_life: 9}]", "  … and "),
    ],
)
def test_another_spec_is_refused_by_the_difference(tiny_spec, started, override, line) -> None:
    with pytest.raises(RunError) as caught:
        started.refuse_another_spec(tiny_spec(override))
    assert line in str(caught.value)
    assert f"hitzoo train --resume {started.path}" in str(caught.value)


@pytest.mark.parametrize(
    "override",
    [
        "training.steps=9",
        "data.source=elsewhere",
        "data.on_error=skip",
        "summary=more words",
        "evaluation.every=5",
        "evaluation={metrics: [kid, fid], samples: 8, source: elsewhere}",
    ],
)
def test_length_place_of_the_data_words_and_evaluation_may_change(tiny_spec, started, override) -> None:
    started.refuse_another_spec(tiny_spec(override))


def test_discarding_removes_the_runs_own_files_only(started) -> None:
    for file in (started.metrics, started.best):
        file.touch()
    for folder in (started.samples, started.evaluations, started.tensorboard):
        folder.mkdir()
        (folder / "file").touch()
    (started.path / "notes.txt").touch()
    started.discard()
    assert [path.name for path in started.path.iterdir()] == ["notes.txt"]


def test_a_run_with_a_checkpoint_is_never_discarded(started) -> None:
    (started.checkpoints / "step-00000001").mkdir(parents=True)
    started.discard()
    assert started.spec.is_file()
    assert started.about.is_file()
