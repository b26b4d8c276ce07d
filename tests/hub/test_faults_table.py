"""Sixty-three ways in which a pull can go wrong: right in the end, or refused in words; never half, never outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hitzoo.errors import HitzooError
from hitzoo.hub.client import Hub
from hitzoo.hub.pull import pull
from hitzoo.hub.upload import Published
from hitzoo.zoo.repo_name import RepoName
from tests.hub.server import HubServer

TINY = RepoName("acme/tiny", "v1")
PLACES = {
    "the question for the commit": ("/api/models/acme/tiny/revision", "GET"),
    "the look at the config": ("/resolve/.*config.json", "HEAD"),
    "the config": ("/resolve/.*config.json", "GET"),
    "the spec": ("/resolve/.*hitzoo.yaml", "GET"),
    "the manifest": ("/resolve/.*manifest.json", "GET"),
    "the look at the weights": ("/resolve/.*safetensors", "HEAD"),
    "the weights": ("/blob/", "GET"),
}
FAULTS: dict[str, dict[str, Any]] = {
    "500": {"status": 500},
    "503 and a time to wait of 400 digits": {"status": 503, "headers": {"Retry-After": "9" * 400}},
    "429 and a time to wait": {"status": 429, "headers": {"Retry-After": "0"}},
    "403 with a message of 100 kB": {"status": 403, "headers": {"X-Error-Message": "x" * 60_000}},
    "a redirect to itself": {"status": 302, "headers": {"Location": "?again"}},
    "a page for logging in": {"body": b"<html>log in</html>", "status": 200},
    "reset": {"cut_after": 20, "cut": "reset"},
    "an early end": {"cut_after": 20},
    "a byte altered": {"flip": 30},
}
CASES = [(place, fault) for place in PLACES for fault in FAULTS]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the pauses of the client, and of ours


def refusal(door: Hub, model: Path) -> str:
    """What a pull is refused with; nothing where it came, and then it is the model, byte for byte."""
    try:
        pulled = pull(TINY, hub=door)
    except HitzooError as error:
        return str(error)
    for name in ("model.safetensors", "config.json"):
        assert (pulled.folder / name).read_bytes() == (model / name).read_bytes()
    return ""


@pytest.mark.parametrize(
    "headers",
    [{"Retry-After": "9" * 400}, {"Retry-After": "100000"}, {"RateLimit": '"api";r=0;t=100000'},
     {"Retry-After": "9" * 5000}],
)  # fmt: skip
@pytest.mark.parametrize("status", [429, 503])
def test_long_time_to_wait_is_said_and_not_waited_for(
    server: HubServer, published: Published, stranger: Hub, model: Path, monkeypatch: pytest.MonkeyPatch,
    headers: dict[str, str], status: int,
) -> None:  # fmt: skip
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    server.fault("/resolve/.*config.json", times=99, status=status, headers=headers)
    said = refusal(stranger, model)
    assert str(status) in said or "asked too often" in said
    assert max(waits, default=0) < 100
    if status == 429:
        assert said.endswith((", in 100,000 s", ", in 999,999,999 s"))


@pytest.mark.parametrize("place", PLACES)
def test_pull_through_faults(server: HubServer, published: Published, model: Path, tmp_path: Path, place: str) -> None:
    path, method = PLACES[place]
    for what, fault in FAULTS.items():
        for times in (1, 99):
            door = Hub(server.url, tmp_path / "caches" / f"{what[:12]} {times}", token=False)
            before = {one for one in tmp_path.rglob("*") if tmp_path / "caches" not in one.parents}
            server.faults = []
            server.fault(path, method=method, times=times, **fault)
            said = refusal(door, model)
            assert len(said) < 1000, what
            assert "inf s" not in said, what
            assert door.cache is not None
            assert not list(door.cache.rglob("*.incomplete")), what
            assert {one for one in tmp_path.rglob("*") if tmp_path / "caches" not in one.parents} - before <= {
                tmp_path / "caches"
            }
            server.faults = []
            assert pull(TINY, hub=door).commit == published.commit, f"{what}: the same again does not help"
