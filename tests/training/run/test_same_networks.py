"""A resume goes on with the networks it was begun with, or says which blocks differ."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch

from hitzoo.errors import RunError
from hitzoo.families.compile import compile_spec
from hitzoo.training.run.events import NoEvents
from hitzoo.training.run.folder import RunFolder
from hitzoo.training.run.loop import train
from hitzoo.training.run.options import RunOptions
from hitzoo.training.run.same_networks import determinism_note, networks_of, refuse_other_networks, versions_note


@pytest.fixture
def run(tiny_spec, tmp_path) -> RunFolder:
    train(tiny_spec("training.steps=1"), RunOptions(out=tmp_path / "run", device="cpu"))
    return RunFolder(tmp_path / "run")


def change(run: RunFolder, **values: object) -> None:
    about = json.loads(run.about.read_text(encoding="utf-8"))
    run.about.write_text(json.dumps(about | values), encoding="utf-8")


@pytest.mark.parametrize("forgotten", ["nothing", "run.json", "the checkpoint"])
def test_another_network_is_refused_by_the_block_that_differs(tiny_spec, run, forgotten) -> None:
    """Heads have no tensors: every weight fits."""
    if forgotten == "run.json":
        run.about.unlink()
    checkpoint = None if forgotten == "the checkpoint" else run.newest_checkpoint()
    same, other = compile_spec(tiny_spec()), compile_spec(tiny_spec("generator.stages[0].heads=4"))
    refuse_other_networks(run, checkpoint, same)
    with pytest.raises(RunError, match="was begun with another generator") as caught:
        refuse_other_networks(run, checkpoint, other)
    assert "--init" in str(caught.value)
    if forgotten != "run.json":
        assert "heads=2" in str(caught.value)
        assert "heads=4" in str(caught.value)


def test_another_discriminator_is_refused_too(tiny_spec, run) -> None:
    other = compile_spec(tiny_spec("discriminator.minibatch_std=2"))
    with pytest.raises(RunError, match="was begun with another discriminator"):
        refuse_other_networks(run, run.newest_checkpoint(), other)


def test_a_version_that_plans_otherwise_does_not_go_on(tiny_spec, run) -> None:
    """The spec is the same; what another version of hitzoo had made of it is in run.json."""
    change(run, generator_plan="0" * 64)
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    with pytest.raises(RunError, match=r"plan 000000000000 in run\.json"):
        train(tiny_spec("training.steps=2"), RunOptions(out=run.path, device="cpu", resume=True))
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before


def test_other_versions_are_told_in_one_line(tiny_spec, run) -> None:
    assert versions_note(run) is None
    session = run.last_session()
    change(run, sessions=[session | {"versions": session["versions"] | {"torch": "2.0.1", "hitzoo": "0.0.1"}}])
    notes: list[str] = []

    class Listener(NoEvents):
        def noted(self, message: str) -> None:
            notes.append(message)

    train(tiny_spec("training.steps=2"), RunOptions(out=run.path, device="cpu", resume=True), Listener())
    (note,) = notes
    assert "the last session ran on hitzoo 0.0.1, now " in note
    assert "torch 2.0.1, now " in note


def test_another_number_of_threads_is_told(run) -> None:
    session = run.last_session()
    threads = session["threads"]
    assert threads == torch.get_num_threads()
    change(run, sessions=[session | {"threads": threads + 1}])
    assert f"ran on {threads + 1} threads, now {threads}; from here on" in (versions_note(run) or "")
    for unknown in (None, "2", [2]):
        change(run, sessions=[session | {"threads": unknown}])
        assert versions_note(run) is None


def test_networks_in_words_name_every_block(tiny_spec, tmp_path: Path) -> None:
    words = networks_of(compile_spec(tiny_spec()))
    assert words.keys() == {"generator", "discriminator"}
    assert any("heads=2" in line for line in words["generator"].values())
    assert words["discriminator"]


def test_run_that_is_no_longer_deterministic_says_so(tiny_spec, run) -> None:
    assert determinism_note(run, now=False) is None
    change(run, sessions=[{"options": {"deterministic": True}}])
    assert determinism_note(run, now=True) is None

    class Notes(NoEvents):
        told: list[str] = []  # noqa: RUF012

        def noted(self, line: str) -> None:
            self.told.append(line)

    train(tiny_spec("training.steps=2"), RunOptions(out=run.path, device="cpu", resume=True), Notes())
    assert any("--deterministic" in line for line in Notes.told)


@pytest.mark.parametrize("wanted", [True, False])
def test_workspace_is_fixed_before_anything_computes(tiny_spec, tmp_path, monkeypatch, wanted: bool) -> None:
    """torch looks at it with the first product on a GPU, which an owed evaluation makes before the first step."""
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    seen: list[str | None] = []

    def new_state(*_: object) -> None:
        seen.append(os.environ.get("CUBLAS_WORKSPACE_CONFIG"))
        raise RunError("far enough")

    monkeypatch.setattr("hitzoo.training.run.setup.new_state", new_state)
    with pytest.raises(RunError, match="far enough"):
        train(tiny_spec(), RunOptions(out=tmp_path / "run", device="cpu", deterministic=wanted))
    assert seen == [":4096:8" if wanted else None]
