"""`hitzoo publish` and `hitzoo pull` as they are typed, and what they print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hitzoo.hub.upload import Published
from tests.conftest import Run
from tests.hub.repository import front_matter
from tests.hub.server import HubServer


@pytest.fixture
def logged_in(server: HubServer, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", token)


def test_publish_says_what_it_did(run: Run, logged_in: None, server: HubServer, model: Path, token: str) -> None:
    words = ["publish", model, "acme/tiny", "--license", "Apache-2.0", "--tag", "v1", "--data", "pictures"]
    said = run(*words, "--data-license", "CC0-1.0", "--dataset", "acme/pictures", "--base-model", "acme/parent")
    head = server.repos["acme/tiny"].head
    lines = said.stdout.splitlines()
    assert lines[0].startswith("published acme/tiny@v1: 6 files changed, ")
    assert lines[1:] == [
        f"commit {server.url}/acme/tiny/commit/{head.oid}",
        "hitzoo sample --model acme/tiny@v1 --seeds 0-15",
    ]
    data = front_matter(head.files["README.md"].content.decode())
    assert (data["license"], data["datasets"], data["base_model"]) == ("apache-2.0", ["acme/pictures"], "acme/parent")
    again = run(*words, "--data-license", "CC0-1.0", "--dataset", "acme/pictures", "--base-model", "acme/parent")
    assert again.stdout.splitlines()[0] == "acme/tiny@v1 is up to date: no commit was made"
    assert token not in said.stdout + said.stderr + again.stdout + again.stderr


def test_a_dry_run_shows_the_folder_and_asks_nobody(
    run: Run, logged_in: None, server: HubServer, model: Path, tmp_path: Path
) -> None:
    said = run("publish", model, "acme/tiny", "--license", "mit", "--dry-run", "--out", "folder").stdout
    assert server.log == []
    manifest = json.loads((tmp_path / "folder" / "manifest.json").read_text())
    assert {path.name for path in (tmp_path / "folder").iterdir()} == {"manifest.json", *manifest["files"]}
    for name, entry in manifest["files"].items():
        assert entry["sha256"][:12] in next(line for line in said.splitlines() if line.startswith(f" {name} "))
    assert (tmp_path / "folder" / "README.md").read_text() in said
    assert said.splitlines()[-1] == "nothing was published; the folder is folder"
    assert (tmp_path / "folder" / "model.safetensors").read_bytes() == (model / "model.safetensors").read_bytes()
    again = ("publish", model, "acme/tiny", "--dry-run", "--out", "folder", "--license")
    assert run(*again, "mit").stdout == said
    assert "folder exists already, with other content; --force" in run(*again, "apache-2.0", code=2).stderr
    run(*again, "apache-2.0", "--force")
    assert "license: apache-2.0" in (tmp_path / "folder" / "README.md").read_text()
    assert "nothing was published" in run("publish", model, "acme/tiny", "--license", "mit", "--dry-run").stdout
    run("sample", "--model", "folder", "--seeds", "1")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([], "say under which licence the weights may be used: --license"),
        (["--license", "mit", "--out", "x"], "--out is for --dry-run"),
        (["--license", "mit", "--evaluation", "none.json"], "none.json holds no numbers"),
        (["--license", "mit", "--with-discriminator"], "has no training/discriminator.safetensors to publish"),
    ],
)
def test_mistakes(run: Run, logged_in: None, server: HubServer, model: Path, more: list[str], message: str) -> None:
    assert message in run("publish", model, "acme/tiny", *more, code=2).stderr
    assert server.log == []


def test_what_has_no_weights_is_not_published(run: Run, server: HubServer) -> None:
    said = run("publish", "hit-b-ffhq256", "acme/tiny", "--license", "mit", code=2).stderr
    assert "hit-b-ffhq256 is a spec without trained weights" in said
    assert server.log == []


def test_numbers_of_an_evaluation_file(
    run: Run, logged_in: None, server: HubServer, model: Path, tmp_path: Path
) -> None:
    score = {
        "metric": "kid",
        "name": "kid",
        "value": 0.25,
        "protocol": {"real": {"source": "/x/y/faces.zip", "images": 9}},
    }
    (tmp_path / "eval.json").write_text(json.dumps({"scores": [score]}))
    run("publish", model, "acme/tiny", "--license", "mit", "--evaluation", "eval.json")
    repo = server.repos["acme/tiny"]
    assert "| KID | 0.25 | against 9 of faces.zip |" in repo.read("README.md").decode()
    assert b"/x/y" not in repo.read("evaluation.json")


def test_pull_by_every_kind_of_name(
    run: Run, server: HubServer, logged_in: None, published: Published, model: Path
) -> None:
    listed = json.loads(server.repos["acme/tiny"].read("manifest.json"))["files"]
    size = sum(listed[name]["size"] for name in ("config.json", "hitzoo.yaml", "model.safetensors"))
    for name in ("acme/tiny", "acme/tiny@v1", "hf:acme/tiny@v1", f"acme/tiny@{published.commit}"):
        said = run("pull", name).stdout
        assert f"{name}: commit {published.commit[:12]}, 4 files, {size / 1000:.1f} kB, all verified" in said
    assert "is installed with hitzoo" in run("pull", "hit-ti-shapes32").stdout
    assert "Three ways on" in run("pull", "hit-b-ffhq256", code=2).stderr
    assert "did you mean 'hit-b-ffhq256'" in run("pull", "hit-b-ffhq25", code=2).stderr
    assert "is not the name of a model on the Hub" in run("pull", "./runs/x", code=2).stderr
    assert f"{model} is a folder here, nothing to pull" in run("pull", model, code=2).stderr
