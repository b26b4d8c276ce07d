"""What a model is, from the header of its weights: without fetching them, and without leaving anything behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from hitzoo.errors import HubError
from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_generator
from hitzoo.families.load import load_spec
from hitzoo.hub.client import Hub
from hitzoo.hub.info import _of_header, info_of_model, info_of_repo
from hitzoo.hub.locate import locate
from hitzoo.hub.pull import pull
from hitzoo.hub.remote import Header
from hitzoo.hub.upload import Published
from hitzoo.sampling.publish import publish
from hitzoo.zoo.repo_name import RepoName
from tests.conftest import Run
from tests.hub.conftest import SAID
from tests.hub.server import HubServer


def test_a_model_on_the_hub(server: HubServer, published: Published, stranger: Hub, model: Path) -> None:
    with server.counting() as asked:
        found = info_of_repo(RepoName("acme/tiny", "v1"), stranger)
    assert (found.metadata["name"], found.metadata["step"]) == ("tiny", 7)
    assert (found.commit, found.tags, found.license) == (published.commit, ("v1",), "apache-2.0")
    assert (found.dtypes, found.access) == (("F32",), "public")
    own = info_of_model(locate(model), "model")
    for key in ("parameters", "tensors", "dtypes", "size", "sha256", "metadata"):
        assert getattr(found, key) == getattr(own, key), key
    assert found.files["model.safetensors"] == 19_908
    assert [one.method for one in asked] == ["GET"] * len(asked)
    (header,) = [one for one in asked if one.origin == "storage"]
    assert header.headers["range"] == "bytes=0-100000"
    assert stranger.cache is not None
    assert not stranger.cache.exists()


def test_the_storage_is_not_told_who_asks(server: HubServer, published: Published, door: Hub) -> None:
    with server.counting() as asked:
        info_of_repo(RepoName("acme/tiny", "v1"), door)
    assert {("authorization" in one.headers, one.origin) for one in asked} == {(True, "hub"), (False, "storage")}


def test_offline_it_is_looked_for_in_the_cache(
    server: HubServer, published: Published, stranger: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = RepoName("acme/tiny", "v1")
    online = info_of_repo(name, stranger)
    pull(name, hub=stranger)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with server.counting() as asked:
        found = info_of_repo(name, stranger)
    assert asked == []
    for key in ("where", "commit", "metadata", "parameters", "size", "sha256"):
        assert getattr(found, key) == getattr(online, key), key
    with pytest.raises(HubError, match=r"to look at acme/tiny@v2 the Hub must be asked"):
        info_of_repo(RepoName("acme/tiny", "v2"), stranger)


def test_parameters_are_those_of_the_plan(published: Published, stranger: Hub, model: Path) -> None:
    from hitzoo.plan.table import network_cost

    found = info_of_repo(RepoName("acme/tiny"), stranger)
    assert found.parameters == network_cost(locate(model).plan.generator).parameters


@pytest.mark.parametrize(
    ("name", "overrides"),
    [
        ("hit-ti-shapes32", []),
        ("convnet-r1-imagenet128", []),
        ("cips-ffhq256", []),
        ("inr-gan-ffhq256", []),
        ("r3gan-cifar10", []),
        ("stylegan2-ffhq256", []),
        ("stylegan2-ffhq256", ["generator.noise=constant"]),
        pytest.param("styleswin-ffhq256", [], marks=pytest.mark.exhaustive),
        pytest.param("transgan-cifar10", [], marks=pytest.mark.exhaustive),
    ],
)
def test_stored_buffers_are_no_parameters(name: str, overrides: list[str]) -> None:
    plan = compile_generator(load_spec(name, overrides))
    with torch.device("meta"):
        network = build_generator(plan)
    header = Header({name: ("F32", tuple(value.shape)) for name, value in network.state_dict().items()}, {})
    assert _of_header(header)["parameters"] == sum(value.numel() for value in network.parameters())


def test_numbers_of_the_card(server: HubServer, model: Path, door: Hub) -> None:
    score = {"metric": "fid", "name": "fid", "value": 3.5, "better": "lower", "deviation": None, "protocol": {}}
    publish(model, "acme/tiny", **SAID, report={"scores": [score]}, hub=door)
    assert info_of_repo(RepoName("acme/tiny"), door).metrics == (("FID", 3.5),)


@pytest.mark.parametrize("index", ["5", "[5]", "[{results: 5}]", "[{results: [{metrics: [5, {type: x}]}]}]"])
def test_a_card_that_is_odd(server: HubServer, published: Published, stranger: Hub, index: str) -> None:
    server.repos["acme/tiny"].write("README.md", f"---\nmodel-index: {index}\ndatasets: a\n---\n")
    found = info_of_repo(RepoName("acme/tiny"), stranger)
    assert (found.metrics, found.datasets) == ((), ("a",))


def test_weights_that_are_none(server: HubServer, published: Published, stranger: Hub) -> None:
    server.repos["acme/tiny"].write("model.safetensors", b"\xff" * 20_000)
    with pytest.raises(HubError, match="the weights of acme/tiny are not a safetensors file"):
        info_of_repo(RepoName("acme/tiny"), stranger)


def test_the_command(run: Run, published: Published, server: HubServer, door: Hub) -> None:
    said = run("info", "acme/tiny@v1").stdout
    assert said.splitlines()[:4] == [
        "acme/tiny@v1",
        f"  commit      {published.commit} (v1)",
        "  spec        tiny",
        f"  network     hit, plan {published.release and server.repos['acme/tiny'] and said.split('plan ')[1][:12]}",
    ]
    for words in (
        "7 steps",
        "19.9 kB, sha256 ",
        "apache-2.0",
        "public, changed 2026-01-31",
        "hitzoo pull acme/tiny@v1",
    ):
        assert words in said
    data = json.loads(run("info", "acme/tiny", "--json").stdout)
    assert (data["commit"], data["metadata"]["name"]) == (published.commit, "tiny")


def test_the_command_of_a_folder_and_of_a_name(run: Run, model: Path) -> None:
    said = run("info", model).stdout
    assert "parameters in " in said
    assert "hitzoo pull" not in said
    assert "spec only: no weights are published; hitzoo train hit-b-ffhq256 --data PATH --out runs/hit-b-ffhq256" in (
        run("info", "hit-b-ffhq256").stdout
    )
    assert "fid 2.95 (50,000 samples against FFHQ)" in run("info", "hit-b-ffhq256").stdout
    assert json.loads(run("info", "hit-ti-shapes32", "--json").stdout)["status"] == "bundled"
    assert "no model is named 'zebra'" in run("info", "zebra", code=2).stderr
