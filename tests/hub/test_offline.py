"""Without a network: what was pulled works, what was not is said, and nobody is asked."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest
from huggingface_hub import constants

from hitzoo.errors import HubError
from hitzoo.hub.client import Hub
from hitzoo.hub.pull import pull
from hitzoo.hub.upload import Published
from hitzoo.zoo.repo_name import RepoName
from tests.hub.server import HubServer

TINY = RepoName("acme/tiny", "v1")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


def go_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


def said(hub: Hub, name: RepoName = TINY) -> str:
    with pytest.raises(HubError) as caught:
        pull(name, hub=hub)
    return str(caught.value)


@pytest.mark.parametrize("revision", ["v1", "main", "commit"])
def test_what_was_pulled_is_there_under_the_same_name(
    server: HubServer, published: Published, stranger: Hub, revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = RepoName("acme/tiny", published.commit if revision == "commit" else revision)
    first = pull(name, hub=stranger)
    go_offline(monkeypatch)
    with server.counting() as asked:
        assert pull(name, hub=stranger) == first
    assert asked == []


def test_what_was_not_pulled_says_how_to_get_it(
    server: HubServer, published: Published, stranger: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(TINY, hub=stranger)
    go_offline(monkeypatch)
    with server.counting() as asked:
        for name in (RepoName("acme/other", "v1"), RepoName("acme/tiny", "v2"), RepoName("acme/tiny", "0" * 40)):
            assert said(stranger, name) == (
                f"HF_HUB_OFFLINE is set and {name} is not, or not wholly, in the cache {stranger.cache};"
                f" unset it and run `hitzoo pull {name}` once"
            )
    assert asked == []


@pytest.mark.parametrize("name", ["config.json", "hitzoo.yaml", "manifest.json", "model.safetensors"])
def test_a_cache_with_a_hole_is_not_taken_for_a_model(
    published: Published, stranger: Hub, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pull(TINY, hub=stranger).folder
    (folder / name).unlink()
    go_offline(monkeypatch)
    assert "is not, or not wholly, in the cache" in said(stranger)


def test_a_damaged_cache_says_so(published: Published, stranger: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    file = pull(TINY, hub=stranger).folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    go_offline(monkeypatch)
    message = "is damaged in the cache (model.safetensors is cut: 19,907 of 19,908 bytes); unset HF_HUB_OFFLINE"
    assert message in said(stranger)
    assert file.exists()


def test_a_network_that_is_down_is_no_reason_not_to_sample(
    server: HubServer, published: Published, stranger: Hub, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = pull(TINY, hub=stranger)
    down = Hub("http://127.0.0.1:9", stranger.cache, False)
    with caplog.at_level(logging.WARNING, "hitzoo"):
        assert pull(TINY, hub=down) == first
    assert caplog.messages == ["http://127.0.0.1:9 cannot be asked; acme/tiny@v1 is taken as the cache has it"]
    server.fault("/revision/v1", times=3, status=503)
    assert pull(TINY, hub=stranger) == first


def test_a_hub_that_refuses_is_heard_though_there_is_a_copy(
    server: HubServer, published: Published, stranger: Hub
) -> None:
    pull(TINY, hub=stranger)
    server.repos["acme/tiny"].private = True
    assert "has no model acme/tiny, or it is private" in said(stranger)
    assert pull(RepoName("acme/tiny", published.commit), hub=stranger).commit == published.commit


def test_a_whole_cache_can_be_carried_elsewhere(
    published: Published, stranger: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stranger.cache is not None
    pull(TINY, hub=stranger)
    shutil.move(stranger.cache, tmp_path / "moved")
    go_offline(monkeypatch)
    assert pull(TINY, hub=Hub(None, tmp_path / "moved", False)).commit == published.commit


def test_publishing_offline_says_so(offline: None, server: HubServer, model: Path, door: Hub) -> None:
    from hitzoo.sampling.publish import publish
    from tests.hub.conftest import SAID

    with pytest.raises(
        HubError, match="HF_HUB_OFFLINE is set, but to publish acme/tiny the Hub must be asked; unset it"
    ):
        publish(model, "acme/tiny", **SAID, hub=door)
