from __future__ import annotations

import json
import sys

import pytest
import torch

from hitzoo.errors import OutputError, RunError
from hitzoo.plan.compile import compile_spec
from hitzoo.spec.load import load_spec
from hitzoo.training.run_folder import RunFolder


@pytest.fixture
def started(tiny_spec, tmp_path) -> RunFolder:
    """The folder of a run that has just begun."""
    folder = RunFolder(tmp_path / "run")
    spec = tiny_spec()
    folder.describe(spec, compile_spec(spec), seed=7, device=torch.device("cpu"))
    return folder


def test_it_says_what_the_run_is(tiny_spec, started) -> None:
    spec, plan = tiny_spec(), compile_spec(tiny_spec())
    assert load_spec(started.spec) == spec
    about = json.loads(started.about.read_text(encoding="utf-8"))
    assert (about["seed"], about["name"]) == (7, "tiny")
    assert about["generator_plan"] == plan.generator_hash
    assert about["discriminator_plan"] == plan.discriminator_hash
    (session,) = about["sessions"]
    assert (session["command"], session["device"]) == (sys.argv, "cpu")
    assert session["versions"]["torch"] == torch.__version__
    started.describe(spec, plan, seed=7, device=torch.device("cpu"))
    assert json.loads(started.about.read_text(encoding="utf-8"))["sessions"] == [session, session]


def test_an_absent_and_an_empty_folder_can_be_used(tmp_path) -> None:
    RunFolder(tmp_path / "absent").refuse_if_used()
    RunFolder(tmp_path).refuse_if_used()
    assert not (tmp_path / "absent").exists()


def test_a_folder_with_a_run_is_refused_with_the_ways_on(started) -> None:
    with pytest.raises(OutputError, match=r"holds a run already.*--resume.*--out"):
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
        ("data.flip=false", "data.flip: True in the run, False now"),
        ("name=other", "name: 'tiny' in the run, 'other' now"),
        ("training.regularizers=[]", "training.regularizers"),
    ],
)
def test_another_spec_is_refused_by_the_difference(tiny_spec, started, override, line) -> None:
    with pytest.raises(RunError) as caught:
        started.refuse_another_spec(tiny_spec(override))
    assert line in str(caught.value)
    assert f"hitzoo train {started.spec} --out {started.path} --resume" in str(caught.value)


@pytest.mark.parametrize(
    "override", ["training.steps=9", "data.source=elsewhere", "data.on_error=skip", "summary=more words"]
)
def test_length_place_of_the_data_and_words_may_change(tiny_spec, started, override) -> None:
    started.refuse_another_spec(tiny_spec(override))


def test_discarding_removes_the_runs_own_files_only(started) -> None:
    started.metrics.touch()
    started.samples.mkdir()
    (started.samples / "real.png").touch()
    (started.path / "notes.txt").touch()
    started.discard([])
    assert [path.name for path in started.path.iterdir()] == ["notes.txt"]
    (started.path / "notes.txt").unlink()
    started.discard([started.path])
    assert not started.path.exists()


def test_a_run_with_a_checkpoint_is_never_discarded(started) -> None:
    (started.checkpoints / "step-00000001").mkdir(parents=True)
    started.discard([])
    assert started.spec.is_file()
    assert started.about.is_file()
