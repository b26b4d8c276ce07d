"""What outputs are called after: the model of the zoo, the run and its step, the folder, or the repository."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from hitzoo.families.compile import ModelPlan
from hitzoo.sampling.label import fit, label_of
from hitzoo.spec.types import Spec
from hitzoo.zoo.model_folder import ModelFolder

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def found(tiny_spec: Spec, tiny_plan: ModelPlan, tmp_path: Path) -> ModelFolder:
    return ModelFolder(tiny_spec, tiny_plan, tmp_path / "model" / "model.safetensors")


def test_folders_and_checkpoints(found: ModelFolder, tmp_path: Path) -> None:
    assert label_of(found, "anything") == label_of(found, tmp_path) == "model"
    place = tmp_path / "runs" / "a" / "checkpoints" / "step-00000012" / "model.safetensors"
    assert label_of(replace(found, weights=place), "runs/a") == "a-step-00000012"
    assert label_of(replace(found, weights=place), "runs/a@best") == "a-step-00000012"


def test_folder_here_is_named_by_its_own_name(
    found: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model").mkdir()
    monkeypatch.chdir(tmp_path / "model")
    assert label_of(replace(found, weights=Path("model.safetensors")), ".") == "model"


@pytest.mark.parametrize(
    ("asked", "label"),
    [
        ("acme/photos@v1", "acme--photos@v1"),
        ("hf:acme/photos@v1", "acme--photos@v1"),
        ("acme/photos@a/branch", "acme--photos@a--branch"),
        ("acme/photos", f"acme--photos@{COMMIT[:12]}"),
        (f"acme/photos@{COMMIT}", f"acme--photos@{COMMIT[:12]}"),
    ],
)
def test_repositories_by_their_revision(found: ModelFolder, asked: str, label: str) -> None:
    assert label_of(replace(found, origin=f"acme/photos@{COMMIT}"), asked) == label


def test_model_of_the_zoo_by_its_name_and_a_folder_of_that_name_by_its_own(found: ModelFolder) -> None:
    assert label_of(found, "hit-ti-shapes32") == "hit-ti-shapes32"
    assert label_of(found, Path("hit-ti-shapes32")) == "model"
    assert label_of(found, "hit-b-ffhq256") == "model"  # a spec without weights: the name means a folder


def test_name_becomes_a_part_of_a_path() -> None:
    assert fit('a/b\\c:d\x1b[2J"') == "a_b_c_d_[2J_"
    assert fit(os.fsdecode(b"gr\xfc\xdfe")) == "gr??e".replace("?", "_")
    assert fit("größe 8") == "größe 8"
    assert fit("..") == fit("") == "model"
