"""The way that large files take on the Hub of today: once there and back, over a storage in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import constants

from hitzoo.hub.client import Hub
from hitzoo.hub.pull import pull
from hitzoo.sampling.publish import publish
from hitzoo.zoo.repo_name import RepoName
from tests.hub.conftest import SAID, settle
from tests.hub.server import HubServer

pytest.importorskip("hf_xet")


def test_there_and_back_over_xet(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    storage = tmp_path / "storage"
    storage.mkdir()
    told: list[tuple[int, int]] = []
    with HubServer(xet=storage) as server:
        settle(server, monkeypatch)
        hub = Hub(server.url, tmp_path / "cache", server.add_user("alice", orgs=("acme",)))
        done = publish(model, "acme/tiny", **SAID, tag="v1", hub=hub)
        assert publish(model, "acme/tiny", **SAID, tag="v1", hub=hub).changed == ()
        pulled = pull(RepoName("acme/tiny", "v1"), hub=hub, progress=lambda done, total: told.append((done, total)))
        assert pulled.commit == done.commit
        assert (pulled.folder / "model.safetensors").read_bytes() == (model / "model.safetensors").read_bytes()
        assert len(server.repos["acme/tiny"].commits) == 2
        assert [one for one in server.log if "xet-write-token" in one.path]
        assert [one for one in server.log if "xet-read-token" in one.path]
        assert not [one for one in server.log if one.origin == "storage"]
    size = pulled.model.weights.stat().st_size
    assert told[-1] == (size, size)
