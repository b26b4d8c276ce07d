"""`hitzoo recalibrate`: the same weights with new statistics, as a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hitzoo.sampling.load import load
from tests.conftest import Run

WORDS = ("recalibrate", "hit-ti-shapes32", "--latents", "30", "--device", "cpu", "--out", "anew")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_statistics_are_new_and_the_weights_are_not(run: Run) -> None:
    assert run(*WORDS).stdout == "wrote anew, recalibrated over 30 samples: hitzoo eval anew\n"
    old, new = load("hit-ti-shapes32", device="cpu"), load("anew", device="cpu")
    assert new.metadata == {**old.metadata, "recalibrated": 30}
    before, after = old.state_dict(), new.state_dict()
    differing = {name for name in before if not torch.equal(before[name], after[name])}
    assert differing == {name for name in before if "running_" in name}
    assert "--force" in run(*WORDS, "--seed", "1", code=2).stderr


def test_a_model_without_batch_norm_is_refused(run: Run, tiny_text: str) -> None:
    from hitzoo.families.load import parse_spec
    from hitzoo.sampling.create import create_model

    spec = parse_spec(tiny_text, "tiny", ["generator.norm=layer"])
    create_model(spec, device="cpu").save_pretrained("layered")
    assert "no batch norm" in run("recalibrate", "layered", "--out", "anew", code=2).stderr
    assert not Path("anew").exists()
