"""A card in its author's words, and the notes its author reads before others see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from hitzoo.families.load import load_spec
from hitzoo.hub.client import Hub
from hitzoo.hub.installation import how_to_install
from hitzoo.hub.model_card import Terms, is_his_own, literal, own_summary
from hitzoo.hub.provenance import provenance_of
from hitzoo.hub.upload import prepare
from hitzoo.sampling.card_samples import oddity
from hitzoo.sampling.publish import publication, publish
from hitzoo.zoo.cards import cards
from tests.conftest import Run
from tests.hub.conftest import TERMS
from tests.hub.server import HubServer

NASTY = "My *icons* <b>of</b> <!-- hitzoo:end -->\n# [64](javascript:1) | px"


def text_of(model: Path | str, folder: Path, terms: Terms) -> str:
    return prepare(publication(model, "acme/x", terms), folder).files["README.md"].read_text(encoding="utf-8")


def test_title_and_summary_are_the_authors(model: Path, tmp_path: Path) -> None:
    terms = replace(TERMS, title="Desktop icons", summary="icons of my desktop.")
    lines = text_of(model, tmp_path, terms).splitlines()
    assert "# Desktop icons" in lines
    assert "Icons of my desktop. It makes pictures of 8×8 pixels, with hitzoo." in lines
    assert "# tiny" in text_of(model, tmp_path, TERMS).splitlines()


def test_words_of_the_author_are_no_markup(model: Path, tmp_path: Path) -> None:
    text = text_of(model, tmp_path, replace(TERMS, title=NASTY, summary=NASTY))
    body = text.split("---", 2)[2]
    assert "<b>" not in body
    assert "](javascript" not in body.replace("\\]", "")
    assert body.count("<!-- hitzoo:end -->") == 1
    assert not is_his_own(body), "the marks still hold"
    assert "# My \\*icons\\* \\<b\\>of\\</b\\>" in body
    assert yaml.safe_load(text.split("---", 2)[1])["library_name"] == "hitzoo"


@pytest.mark.parametrize(
    ("written", "literally"),
    [("- a", "\\- a"), ("1. b", "1\\. b"), ("# x", "\\# x"), ("100 faces", "100 faces"), ("co-op", "co-op"),
     ("a\n\nb", "a b"), ("\x1b[2J", "\\[2J"), ("", ""), ("×2", "×2")],
)  # fmt: skip
def test_words_that_mean_something_to_markdown(written: str, literally: str) -> None:
    assert literal(written) == literally


def test_title_by_the_command_and_in_python(run: Run, model: Path) -> None:
    words = ("--license", "mit", "--title", "Icons", "--summary", "Small ones", "--dry-run")
    printed = run("publish", model, "acme/x", *words).stdout
    assert "# Icons" in printed
    assert "Small ones. It makes" in printed


def test_title_survives_a_new_version(server: HubServer, model: Path, door: Hub, save: Callable[..., Path]) -> None:
    terms = replace(TERMS, title="Icons")
    publish(model, "acme/x", **asdict(terms), tag="v1", hub=door)
    publish(save(model.with_name("other"), scale=0.9), "acme/x", **asdict(terms), tag="v2", hub=door)
    card = server.repos["acme/x"].read("README.md").decode()
    assert card.count("# Icons\n") == 1


def test_shipped_weights_under_another_licence_are_said(run: Run) -> None:
    printed = run("publish", "hit-ti-shapes32", "acme/s", "--license", "mit", "--dry-run").stdout
    words = " ".join(printed.split())
    assert "note: the weights of hit-ti-shapes32 are under Apache-2.0, and you publish them under mit;" in words
    printed = run("publish", "hit-ti-shapes32", "acme/s", "--license", "apache-2.0", "--dry-run").stdout
    assert "note: the weights" not in printed


def test_pictures_with_nothing_in_them_are_said() -> None:
    draw = np.random.default_rng(0)
    grey = np.full((16, 32, 32, 3), 127, np.uint8) + draw.integers(0, 2, (16, 32, 32, 3), np.uint8)
    noise = draw.integers(0, 256, (16, 32, 32, 3), np.uint8)
    assert "nearly of one colour" in oddity(grey)
    assert "may have collapsed" in oddity(np.repeat(noise[:1], 16, axis=0))
    assert oddity(noise) == ""


def test_untrained_model_is_published_with_a_note(run: Run, tiny_text: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(tiny_text)
    run("build", "mine.yaml", "--out", "mine")
    printed = run("publish", "mine", "acme/s", "--license", "mit", "--dry-run").stdout
    assert "note: the samples are nearly of one colour" in " ".join(printed.split())


def test_trained_model_is_published_without_a_note(run: Run) -> None:
    printed = run("publish", "hit-ti-shapes32", "acme/s", "--license", "apache-2.0", "--dry-run").stdout
    assert "note: the samples" not in printed


def test_summary_of_a_shipped_spec_stays_with_its_name() -> None:
    """A model of one's own photos, trained by the spec for shapes, is not of shapes."""
    shapes = load_spec("hit-ti-shapes32")
    assert "shapes" in shapes.summary
    assert own_summary(shapes) == shapes.summary
    assert own_summary(replace(shapes, name="portraits")) == ""
    assert own_summary(replace(shapes, name="portraits", summary="Faces.")) == "Faces."


@pytest.mark.parametrize(
    ("session", "said"),
    [
        ({"processes": 1, "device_name": "cpu"}, "CPU"),
        ({"processes": 2, "device_name": "cpu"}, "2 × CPU"),
        ({"processes": 1, "device_name": "NVIDIA H100"}, "NVIDIA H100"),
        ({"processes": 8, "device_name": "NVIDIA H100"}, "8 × NVIDIA H100"),
        ({}, None),
    ],
)
def test_hardware_of_a_card(tmp_path: Path, session: dict[str, object], said: str | None) -> None:
    weights = tmp_path / "checkpoints" / "step-00000007" / "model.safetensors"
    (tmp_path / "run.json").write_text(json.dumps({"sessions": [session]}))
    assert provenance_of(weights, {"step": 7}, None).facts.get("hardware") == said


def test_install_command_is_one_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no package of that name to be had from PyPI."""
    assert how_to_install() != "pip install hitzoo"
    declared = {"Project-URL": ["Documentation, https://x", "Repository, https://git.example/hitzoo"]}

    class Declared:
        def get_all(self, key: str) -> list[str]:
            return declared[key]

    monkeypatch.setattr("hitzoo.hub.installation.metadata", lambda name: Declared())
    assert how_to_install() == "pip install git+https://git.example/hitzoo"


def test_command_of_a_training_can_be_pasted_and_has_its_numbers_beside_it(run: Run) -> None:
    said = dict(
        line.strip().split("  ", 1) for line in run("info", "hit-ti-shapes32").stdout.splitlines() if "  made " in line
    )
    assert said["made by"].strip() == cards()["hit-ti-shapes32"].provenance["command"]
    assert said["made on"].endswith("1 h 1 min, 2026-11-20; seed 0, 8,000 steps, 256,000 images")
