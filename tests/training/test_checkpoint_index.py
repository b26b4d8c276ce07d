"""A checkpoint that is cut or altered is seen, and the one before it is used."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from hitzoo.errors import RunError, WeightsError
from hitzoo.families.compile import compile_spec
from hitzoo.hub.locate import locate
from hitzoo.sampling.load import load
from hitzoo.training.engine.state import new_state
from hitzoo.training.run.checkpoint import Progress, load_checkpoint, save_checkpoint
from hitzoo.training.run.recovery import newest_good_checkpoint
from hitzoo.zoo.checkpoint_index import set_aside, verify
from hitzoo.zoo.model_layout import INDEX_NAME

FILES = [
    "config.json",
    "model.safetensors",
    "training/discriminator.safetensors",
    "training/generator.safetensors",
    "training/optimizer.safetensors",
    "training/state.json",
]


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-5])


def flip(file: Path) -> None:
    """One bit, as late as can be: in a tensor's last value or a closing brace."""
    content = bytearray(file.read_bytes())
    content[-2] ^= 0b100
    file.write_bytes(content)


def grow(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\n")


DAMAGES = {
    "cut": (cut, "is cut: "),
    "altered": (flip, "was altered"),
    "grown": (grow, "has grown"),
    "missing": (Path.unlink, "is missing"),
}


@pytest.fixture
def saved(tiny_spec, tmp_path) -> Callable[..., list[Path]]:
    """The checkpoints of a run `run` at some steps, no weight updated yet."""

    def save(*steps: int) -> list[Path]:
        spec = tiny_spec()
        plan, folder = compile_spec(spec), tmp_path / "run" / "checkpoints"
        trained = new_state(plan, spec.training, 0, torch.device("cpu"))
        return [
            save_checkpoint(folder, spec, plan, trained, Progress(step, 4 * step, 0, skipped=step)) for step in steps
        ]

    return save


@pytest.fixture
def warnings() -> list[str]:
    return []


def test_the_index_lists_size_and_digest_of_every_other_file(saved) -> None:
    (place,) = saved(3)
    entries = json.loads((place / INDEX_NAME).read_text(encoding="utf-8"))["files"]
    assert list(entries) == FILES
    for name, entry in entries.items():
        content = (place / name).read_bytes()
        assert entry == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    assert verify(place) == []


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_damage_to_any_file_is_named(saved, name, damage) -> None:
    (place,) = saved(3)
    spoil, words = DAMAGES[damage]
    spoil(place / name)
    (problem,) = verify(place)
    assert problem.startswith(f"{name} {words}")


def test_every_problem_is_told_and_what_is_not_listed_is_none(saved) -> None:
    (place,) = saved(3)
    cut(place / FILES[1])
    (place / FILES[3]).unlink()
    (place / FILES[3]).mkdir()
    (place / "notes.txt").touch()
    assert [problem.split()[0] for problem in verify(place)] == [FILES[1], FILES[3]]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"files": 3}', '{"files": {"a": {}}}', '{"files": {"a": 5}}', "\xff"]
)
def test_an_index_that_is_none_is_a_problem_too(saved, text) -> None:
    (place,) = saved(3)
    (place / INDEX_NAME).write_text(text, encoding="latin-1")
    assert verify(place) == [f"{INDEX_NAME} is not the index of a checkpoint"]


def test_a_file_the_disk_no_longer_gives_is_a_problem_not_a_traceback(saved, monkeypatch) -> None:
    (place,) = saved(3)

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("hitzoo.zoo.file_digests.hashlib.file_digest", fail)
    assert verify(place) == [f"{name} cannot be read: Input/output error" for name in FILES]


def test_a_checkpoint_of_before_there_were_indexes_stays_usable(saved, warnings) -> None:
    *_, place = saved(3, 4)
    (place / INDEX_NAME).unlink()
    assert verify(place) == []
    assert newest_good_checkpoint(place.parent, warnings.append) == place
    assert warnings == []


@pytest.mark.parametrize("name", FILES[1:])
@pytest.mark.parametrize("spoil", [cut, Path.unlink])
def test_one_without_an_index_must_be_complete_and_not_cut(saved, warnings, name, spoil) -> None:
    older, newer = saved(3, 4)
    (newer / INDEX_NAME).unlink()
    spoil(newer / name)
    assert newest_good_checkpoint(newer.parent, warnings.append) == older
    (line,) = warnings
    assert name in line


def test_the_newest_is_taken_and_nothing_said(saved, warnings, tmp_path) -> None:
    *_, newest = saved(3, 5, 4, 12)
    assert newest_good_checkpoint(newest.parent, warnings.append) == newest
    assert len(list(newest.parent.iterdir())) == 4
    assert newest_good_checkpoint(tmp_path / "nowhere", warnings.append) is None
    assert warnings == []


def test_damaged_ones_are_named_and_set_aside_and_the_one_before_is_used(tiny_spec, saved, warnings) -> None:
    places = saved(3, 4, 5, 6)
    for place, name in zip(places[2:], FILES[1:3], strict=True):
        cut(place / name)
    kept = {path.name: path.read_bytes() for path in places[3].rglob("*") if path.is_file()}
    assert newest_good_checkpoint(places[0].parent, warnings.append) == places[1]
    assert [line.count("\n") for line in warnings] == [0, 0]
    for line, place, name in zip(warnings, reversed(places[2:]), (FILES[2], FILES[1]), strict=True):
        assert line.startswith(f"{place} is damaged ({name} is cut: ")
        assert line.endswith(f"set aside as damaged-{place.name}, going on from step-00000004")
    names = sorted(path.name for path in places[0].parent.iterdir())
    assert names == ["damaged-step-00000005", "damaged-step-00000006", "step-00000003", "step-00000004"]
    aside = places[0].parent / "damaged-step-00000006"
    assert {path.name: path.read_bytes() for path in aside.rglob("*") if path.is_file()} == kept
    again = saved(5, 6)
    assert [verify(place) for place in again] == [[], []]
    spec = tiny_spec()
    load_checkpoint(again[1], new_state(compile_spec(spec), spec.training, 1, torch.device("cpu")))


def test_where_none_is_whole_all_are_named_and_stay(saved, warnings) -> None:
    places = saved(3, 4)
    cut(places[0] / FILES[4])
    flip(places[1] / FILES[5])
    with pytest.raises(RunError) as caught:
        newest_good_checkpoint(places[0].parent, warnings.append)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"not one of the checkpoints in {places[0].parent} is whole:"
    assert lines[1] == f"  step-00000004: {FILES[5]} was altered: its sha256 is not the one in {INDEX_NAME}"
    assert lines[2].startswith(f"  step-00000003: {FILES[4]} is cut: ")
    assert f"rm -r {places[0].parent}" in lines[3]
    assert warnings == []
    assert all(place.is_dir() for place in places)


def test_what_is_set_aside_never_takes_a_name_that_is_taken(tmp_path) -> None:
    names = []
    for _ in range(3):
        place = tmp_path / "step-00000001"
        place.mkdir()
        names.append(set_aside(place).name)
    assert names == ["damaged-step-00000001", "damaged-step-00000001-2", "damaged-step-00000001-3"]


@pytest.mark.parametrize("spoil", [cut, flip, Path.unlink])
@pytest.mark.parametrize("name", FILES[:2])
def test_a_run_is_sampled_from_its_newest_model_that_is_whole(saved, caplog, name, spoil) -> None:
    older, newer = saved(3, 4)
    run = older.parent.parent
    assert locate(run).weights.parent == newer
    assert caplog.records == []
    spoil(newer / name)
    images = load(run, device="cpu").sample(seeds=[1]).raw
    assert np.array_equal(images, load(older, device="cpu").sample(seeds=[1]).raw)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith(f"{newer} is damaged: {name} ")
    assert record.getMessage().endswith(f"{older} is sampled instead")
    spoil(older / name)
    with pytest.raises(WeightsError, match="no checkpoint whose model is whole") as caught:
        load(run, device="cpu")
    assert all(str(place) in str(caught.value) for place in (older, newer))


def test_damage_to_what_sampling_does_not_need_does_not_matter(saved, caplog) -> None:
    _, newer = saved(3, 4)
    for name in FILES[2:]:
        cut(newer / name)
    assert locate(newer.parent.parent).weights.parent == newer
    assert caplog.records == []


def test_a_model_folder_that_was_copied_out_of_a_run_needs_no_index(saved, tmp_path) -> None:
    (place,) = saved(3)
    shutil.copytree(place, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "training")
    assert load(tmp_path / "copy", device="cpu").name == "tiny"


def test_a_run_of_before_there_were_indexes_is_sampled_from_its_newest(saved, caplog) -> None:
    older, newer = saved(3, 4)
    for place in (older, newer):
        (place / INDEX_NAME).unlink()
    assert locate(newer.parent.parent).weights.parent == newer
    (newer / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match=f"no weights file at {newer}"):
        load(newer.parent.parent, device="cpu")
    assert caplog.records == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": {}}'])
def test_an_index_that_is_none_passes_the_checkpoint_over(saved, text) -> None:
    older, newer = saved(3, 4)
    (newer / INDEX_NAME).write_text(text, encoding="utf-8")
    assert locate(newer.parent.parent).weights.parent == older
