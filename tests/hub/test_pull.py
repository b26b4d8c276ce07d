"""Pulling: pinned, only what is needed, verified, and only once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hitzoo.hub.client import Hub
from hitzoo.hub.pull import pull
from hitzoo.hub.upload import Published
from hitzoo.sampling.load import load
from hitzoo.sampling.publish import publish
from hitzoo.zoo.model_layout import DISCRIMINATOR_NAME, TRAINING_FILES
from hitzoo.zoo.repo_name import RepoName
from tests.hub.conftest import SAID, Commands
from tests.hub.server import HubServer

TINY = RepoName("acme/tiny", "v1")
PULLED = {"config.json", "hitzoo.yaml", "manifest.json", "model.safetensors"}


def test_what_was_published_comes_back_byte_for_byte(
    server: HubServer, published: Published, model: Path, stranger: Hub
) -> None:
    pulled = pull(TINY, hub=stranger)
    assert {path.name for path in pulled.folder.iterdir()} == PULLED == set(pulled.files)
    assert (pulled.folder / "model.safetensors").read_bytes() == (model / "model.safetensors").read_bytes()
    assert (pulled.folder / "config.json").read_bytes() == (model / "config.json").read_bytes()
    assert pulled.commit == published.commit
    assert pulled.model.origin == f"acme/tiny@{published.commit}"
    assert np.array_equal(load(pulled.folder, device="cpu").sample().raw, load(model, device="cpu").sample().raw)


def test_nothing_else_is_asked_for(server: HubServer, published: Published, stranger: Hub) -> None:
    with server.counting() as asked:
        pull(TINY, hub=stranger)
    commit = published.commit
    assert [one.path.split("?")[0] for one in asked if one.method == "GET"] == [
        "/api/models/acme/tiny/revision/v1",
        *(f"/acme/tiny/resolve/{commit}/{name}" for name in ("config.json", "hitzoo.yaml", "manifest.json")),
        next(one.path.split("?")[0] for one in asked if one.origin == "storage"),
    ]


def test_a_tag_costs_one_request_the_second_time_and_a_commit_none(
    server: HubServer, published: Published, stranger: Hub
) -> None:
    first = pull(TINY, hub=stranger)
    with server.counting() as asked:
        assert pull(TINY, hub=stranger) == first
    assert len(asked) == 1
    with server.counting() as asked:
        assert pull(RepoName("acme/tiny", published.commit), hub=stranger) == first
    assert asked == []


def test_a_tag_stays_where_main_moves_on(
    server: HubServer, published: Published, save: Callable[..., Path], model: Path, tmp_path: Path, door: Hub
) -> None:
    other = save(tmp_path / "other", scale=0.7)
    publish(other, "acme/tiny", **SAID, hub=door)
    assert (pull(TINY, hub=door).folder / "model.safetensors").read_bytes() == (
        model / "model.safetensors"
    ).read_bytes()
    newest = pull(RepoName("acme/tiny"), hub=door)
    assert (newest.folder / "model.safetensors").read_bytes() == (other / "model.safetensors").read_bytes()
    assert newest.commit == server.repos["acme/tiny"].head.oid != published.commit


def test_a_branch_is_resolved_anew_each_time(
    server: HubServer, published: Published, save: Callable[..., Path], tmp_path: Path, door: Hub
) -> None:
    assert pull(RepoName("acme/tiny"), hub=door).commit == published.commit
    publish(save(tmp_path / "other", scale=0.7), "acme/tiny", **SAID, hub=door)
    assert pull(RepoName("acme/tiny"), hub=door).commit != published.commit


def test_the_storage_never_sees_the_token(server: HubServer, published: Published, door: Hub, token: str) -> None:
    pull(TINY, hub=door)
    of_storage = [one for one in server.log if one.origin == "storage"]
    assert {one.method for one in of_storage} == {"PUT", "GET"}
    assert not [one for one in of_storage if "authorization" in one.headers or token in str(one.headers) + one.path]
    assert [one for one in server.log if token in one.headers.get("authorization", "") and one.origin == "hub"]


def test_training_files_on_request(server: HubServer, save: Callable[..., Path], tmp_path: Path, door: Hub) -> None:
    place = save(tmp_path / "model")
    (place / "training").mkdir()
    for name in TRAINING_FILES:
        (place / name).write_text(name)
    publish(place, "acme/tiny", **SAID, extra=TRAINING_FILES, tag="v1", hub=door)
    assert not (pull(TINY, hub=door).folder / "training").exists()
    folder = pull(TINY, extra=[DISCRIMINATOR_NAME], hub=door).folder
    assert [path.name for path in (folder / "training").iterdir()] == ["discriminator.safetensors"]
    folder = pull(TINY, extra=TRAINING_FILES, hub=door).folder
    for name in TRAINING_FILES:
        assert (folder / name).read_text() == name


def test_progress_is_told_in_bytes(published: Published, stranger: Hub) -> None:
    told: list[tuple[int, int]] = []
    size = (
        pull(TINY, hub=stranger, progress=lambda done, total: told.append((done, total))).model.weights.stat().st_size
    )
    assert told[-1] == (size, size)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_small_files_behind_a_redirect(server: HubServer, published: Published, stranger: Hub) -> None:
    server.resolve_cache = True
    assert pull(TINY, hub=stranger).commit == published.commit


def test_the_client_is_told_who_asks(server: HubServer, published: Published, stranger: Hub) -> None:
    pull(TINY, hub=stranger)
    assert all(one.headers["user-agent"].startswith("hitzoo/") for one in server.asked("/resolve/"))


def test_three_at_once_fetch_it_once(server: HubServer, published: Published, hitzoo: Commands) -> None:
    server.fault("/blob/", method="GET", delay=0.5)
    before = len(server.asked("/blob/"))
    processes = [hitzoo.start("pull", "acme/tiny@v1") for _ in range(3)]
    for process in processes:
        out, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        assert "all verified" in out
    assert len(server.asked("/blob/")) - before == 1


def test_pull_then_sample_as_a_user_does(
    server: HubServer, published: Published, hitzoo: Commands, tmp_path: Path, token: str
) -> None:
    said = hitzoo("pull", "acme/tiny@v1", real=True)
    commit = published.commit
    snapshot = tmp_path / "home" / "hub" / "models--acme--tiny" / "snapshots" / commit
    size = sum((snapshot / name).stat().st_size for name in PULLED - {"manifest.json"})  # which does not list itself
    assert said.splitlines() == [
        f"acme/tiny@v1: commit {commit[:12]}, 4 files, {size / 1000:.1f} kB, all verified",
        f"in {snapshot}",
        "hitzoo sample --model acme/tiny@v1 --seeds 0-15",
    ]
    manifest = json.loads((snapshot / "manifest.json").read_text())
    assert set(manifest["files"]) > PULLED - {"manifest.json"}
    with server.counting() as asked:
        hitzoo("sample", "--model", "acme/tiny@v1", "--seeds", "3", real=True, HF_HUB_OFFLINE="1")
    assert asked == []
    from PIL.PngImagePlugin import PngImageFile

    with PngImageFile(tmp_path / "samples" / "acme--tiny@v1" / "seed0003.png") as picture:
        assert picture.text["hitzoo:repo"] == f"acme/tiny@{commit}"


def test_the_cache_is_where_the_environment_says(published: Published, hitzoo: Commands, tmp_path: Path) -> None:
    hitzoo("pull", "acme/tiny@v1", HF_HUB_CACHE=str(tmp_path / "elsewhere"))
    assert list((tmp_path / "elsewhere").rglob("model.safetensors"))
    assert not list((tmp_path / "home").rglob("model.safetensors"))
