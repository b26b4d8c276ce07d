"""What people paste as a model's name means the model, or is told what it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hitzoo.errors import UnknownNameError
from hitzoo.hub.client import Hub
from hitzoo.hub.locate import locate
from hitzoo.hub.upload import Published
from hitzoo.sampling.publish import publish
from hitzoo.zoo.repo_name import RepoName, is_repo_name, parse_repo_name
from tests.conftest import Run
from tests.hub.conftest import SAID
from tests.hub.server import HubServer

NEWEST = [
    "https://huggingface.co/acme/tiny",
    "https://huggingface.co/acme/tiny/",
    "https://huggingface.co/acme/tiny/tree/main",
    "https://huggingface.co/acme/tiny/blob/main/config.json",
    "https://huggingface.co/acme/tiny/resolve/main/model.safetensors?download=true",
    "https://huggingface.co/acme/tiny/discussions/3",
    "https://huggingface.co/acme/tiny?library=x#use",
    "https://huggingface.co/api/models/acme/tiny",
    "https://huggingface.co/acme/tiny.git",
    "http://www.HuggingFace.co/acme/tiny",
    "huggingface.co/acme/tiny",
    "hf.co/acme/tiny/tree/main/",
    "git@hf.co:acme/tiny",
    "hf-hub:acme/tiny",
    "hf:acme/tiny",
    "hf://acme/tiny",
    "hf://models/acme/tiny",
    "hf:https://huggingface.co/acme/tiny",
    "acme/tiny/tree/main",
    "acme/tiny/resolve/main/model.safetensors",
    "acme/tiny/",
    " acme/tiny\n",
    "'acme/tiny'",
    '"acme/tiny" ',
    "<https://huggingface.co/acme/tiny>",
    "`acme/tiny`",
]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
VERSIONS = {
    "https://huggingface.co/acme/tiny/tree/v1": "v1",
    "https://huggingface.co/acme/tiny/tree/v1/training": "v1",
    "https://huggingface.co/acme/tiny/blob/v1/config.json": "v1",
    f"https://huggingface.co/acme/tiny/commit/{COMMIT}": COMMIT,
    "https://huggingface.co/acme/tiny/tree/refs%2Fpr%2F1": "refs/pr/1",
    "https://huggingface.co/acme/tiny/tree/refs/pr/1": "refs/pr/1",
    "https://huggingface.co/acme/tiny@v1": "v1",
    "acme/tiny/tree/v1": "v1",
    "acme/tiny/blob/v1/config.json": "v1",
    "hf-hub:acme/tiny@v1": "v1",
    "hf://acme/tiny@v1/model.safetensors": "v1",
    "'acme/tiny@v1'": "v1",
}


@pytest.mark.parametrize(("text", "revision"), [*((text, "main") for text in NEWEST), *VERSIONS.items()])
def test_address_means_the_model(text: str, revision: str) -> None:
    assert is_repo_name(text)
    assert parse_repo_name(text) == RepoName("acme/tiny", revision)


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/acme/tiny",
        "https://huggingface.co/datasets/acme/tiny",
        "https://huggingface.co/datasets/acme/tiny/tree/main",
        "https://huggingface.co/spaces/acme/tiny",
        "https://huggingface.co/spaces/acme",
        "https://huggingface.co/acme",
        "https://huggingface.co/",
        "https://huggingface.co/acme/tiny/tree/..%2f..%2fx",
        "https://huggingface.co/../etc/tree/main",
        "acme/tiny/checkpoints",
        "runs/x/checkpoints/step-0001",
        "acme/tiny/model.safetensors",
        "../acme/tiny",
    ],
)
def test_address_of_something_else_means_no_model(text: str) -> None:
    assert not is_repo_name(text)
    with pytest.raises(UnknownNameError):
        locate(text)


def test_address_on_the_hub_of_the_environment(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"{server.url}/acme/tiny/tree/v1"
    assert not is_repo_name(text)
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    assert parse_repo_name(text) == RepoName("acme/tiny", "v1")


def test_address_is_taken_by_the_commands(run: Run, published: Published) -> None:
    printed = run("pull", "https://huggingface.co/acme/tiny/tree/v1").stdout
    assert printed.startswith("acme/tiny@v1: commit ")
    assert printed.endswith("hitzoo sample --model acme/tiny@v1 --seeds 0-15\n")
    run("sample", "--model", "acme/tiny/tree/v1", "--seeds", "0")
    assert "acme/tiny" in run("info", " https://huggingface.co/acme/tiny").stdout
    assert "are installed with hitzoo" in run("info", "'hit-ti-shapes32'").stdout


def test_address_can_be_published_to(model: Path, server: HubServer, door: Hub) -> None:
    done = publish(model, "https://huggingface.co/acme/other", **SAID, hub=door)
    assert done.repo_id == "acme/other"
    assert b"--model acme/other --seeds" in server.repos["acme/other"].read("README.md")


def test_file_as_model_names_its_folder(run: Run, save: Callable[..., Path], tmp_path: Path) -> None:
    save(tmp_path / "acme" / "tiny")
    for name in ("acme/tiny/model.safetensors", "acme/tiny/config.json"):
        assert run("sample", "--model", name, code=2).stderr.split() == (
            f"{name} is a file; give the folder it is in, 'acme/tiny'".split()
        )
    (tmp_path / "mine.yaml").write_text("hitzoo: 1\n")
    assert "is a spec, not a model" in run("sample", "--model", "mine.yaml", code=2).stderr
    assert "there is no file" in run("sample", "--model", "acme/tiny/other.safetensors", code=2).stderr
    assert "is a data set" in run("sample", "--model", "https://huggingface.co/datasets/a/b", code=2).stderr
