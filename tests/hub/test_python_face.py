"""`hitzoo.pull`, `info` and `publish` by name, as the commands use them."""

from __future__ import annotations

from pathlib import Path

import pytest

import hitzoo
from hitzoo.hub.client import Hub
from hitzoo.hub.info import ModelInfo
from hitzoo.hub.provenance import provenance_of
from hitzoo.hub.upload import Published
from hitzoo.zoo.cards import Card


def test_pull_by_name_is_loaded_from_its_folder(published: Published, stranger: Hub) -> None:
    pulled = hitzoo.pull("acme/tiny@v1", hub=stranger)
    assert pulled is not None
    assert pulled.commit == published.commit
    assert hitzoo.load(pulled.folder, device="cpu").origin == ""
    assert hitzoo.Generator.from_folder(pulled.model, "cpu").origin == f"acme/tiny@{published.commit}"


def test_pull_of_a_model_that_is_installed_is_nothing() -> None:
    assert hitzoo.pull("hit-ti-shapes32") is None


def test_pull_of_a_folder_is_refused(model: Path) -> None:
    with pytest.raises(hitzoo.RequestError, match="is a folder here, nothing to pull"):
        hitzoo.pull(str(model))


def test_pull_of_an_unknown_name_suggests_the_near_one() -> None:
    with pytest.raises(LookupError, match="did you mean 'hit-ti-shapes32'"):
        hitzoo.pull("hit-ti-shape32")


def test_info_is_the_record_or_what_the_weights_say(published: Published, model: Path) -> None:
    card = hitzoo.info("hit-ti-shapes32")
    assert isinstance(card, Card)
    assert card.to_json()["sha256"] == card.sha256
    for name in (model, str(model)):
        found = hitzoo.info(name)
        assert isinstance(found, ModelInfo)
        assert (found.metadata["name"], found.commit) == ("tiny", "")
    assert hitzoo.info("acme/tiny@v1").commit == published.commit
    with pytest.raises(hitzoo.UnknownNameError):
        hitzoo.info("nothing-of-that-name")


def test_run_of_a_program_names_the_program(model: Path) -> None:
    """In a card, no command is claimed that nobody typed."""
    run = model.parent / "run"
    checkpoint = run / "checkpoints" / "step-00000007"
    checkpoint.mkdir(parents=True)
    (model / "model.safetensors").rename(checkpoint / "model.safetensors")
    said = {}
    for command in ('["/usr/bin/hitzoo", "train", "x"]', '["/home/me/photos.py", "--fast"]', '[""]'):
        (run / "run.json").write_text(f'{{"sessions": [{{"command": {command}}}]}}')
        said[command] = provenance_of(checkpoint / "model.safetensors", {}, None).facts["command"]
    assert list(said.values()) == ["`hitzoo train x`", "`hitzoo.train in photos.py`", "`hitzoo.train in Python`"]
