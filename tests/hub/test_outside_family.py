"""A model of a family that an installed package brings goes to the Hub and back; without the package nothing runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run
from tests.families.tutorial import installed, shown_files
from tests.hub.server import HubServer

WORDS = ("--license", "mit", "--data", "pictures of a test", "--data-license", "CC0-1.0")


@pytest.fixture
def spec(tmp_path: Path, token: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_TOKEN", token)
    path = tmp_path / "toy.yaml"
    path.write_text(shown_files()["toy.yaml"])
    return path


def test_toy_model_is_published_pulled_and_sampled(spec: Path, run: Run, server: HubServer, tmp_path: Path) -> None:
    with installed(tmp_path / "site-packages"):
        run("build", spec, "--out", "model")
        assert "toy of the package toy-families" in run("publish", "model", "acme/toy", *WORDS, "--dry-run").stdout
        assert server.log == []
        run("publish", "model", "acme/toy", *WORDS)
        run("pull", "acme/toy")
        for model, file in (("acme/toy", "there.npy"), ("model", "here.npy")):
            run("sample", "--model", model, "--seeds", "0-3", "--npy", file)
    assert np.array_equal(np.load(tmp_path / "there.npy"), np.load(tmp_path / "here.npy"))


def test_code_in_a_repository_is_never_loaded(spec: Path, run: Run, server: HubServer, tmp_path: Path) -> None:
    """A repository may bring the missing package's files along; nothing of it is imported, and the message says so."""
    with installed(tmp_path / "site-packages"):
        run("build", spec, "--out", "model")
        run("publish", "model", "acme/toy", *WORDS)
    trap = tmp_path / "imported"
    for name in ("toy_families.py", "family.py", "toy_families/__init__.py"):
        server.repos["acme/toy"].write(name, f"open({str(trap)!r}, 'w')")
    said = run("sample", "--model", "acme/toy", "--seeds", "0", code=2).stderr
    assert "toy" in said
    assert "toy-families" in said
    assert not trap.exists()
