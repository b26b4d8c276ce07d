"""Transfers that break in every way: what can heal heals, what cannot is said, and nothing half is left behind."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import get_session

from hitzoo.errors import HitzooError, HubError, OutputError
from hitzoo.hub.client import Hub
from hitzoo.hub.info import info_of_repo
from hitzoo.hub.pull import pull
from hitzoo.hub.upload import Published
from hitzoo.sampling.publish import publish
from hitzoo.zoo.repo_name import RepoName
from tests.hub.api import Answer
from tests.hub.conftest import SAID, Commands
from tests.hub.server import HubServer

TINY = RepoName("acme/tiny", "v1")
BLOB = "/blob/"


def whole(hub: Hub, model: Path, name: RepoName = TINY) -> None:
    """It is pulled, byte for byte, and nothing unfinished lies in the cache."""
    pulled = pull(name, hub=hub)
    for file in ("model.safetensors", "config.json"):
        assert (pulled.folder / file).read_bytes() == (model / file).read_bytes()
    assert hub.cache is not None
    assert not list(hub.cache.rglob("*.incomplete"))
    assert not list(hub.cache.rglob("*.tmp"))


FAULTS: dict[str, dict[str, Any]] = {
    "the connection ends early": {"cut_after": 5000},
    "the connection is reset": {"cut_after": 5000, "cut": "reset"},
    "the connection is reset before the first byte": {"cut_after": 0, "cut": "reset"},
    "the answer stalls": {"cut_after": 5000, "cut": "stall"},
    "the file is cut short": {"truncate": 5000},
    "one byte is altered": {"flip": 19_000},
    "one byte of the header is altered": {"flip": 30},
    "503": {"status": 503},
    "500 twice": {"status": 500, "times": 2},
    "429 with the time to wait": {"status": 429, "headers": {"Retry-After": "0"}},
    "403: the signature is too old": {"status": 403},
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_transfer_that_breaks_once(
    server: HubServer, published: Published, model: Path, stranger: Hub, what: str
) -> None:
    fault = server.fault(BLOB, method="GET", **FAULTS[what])
    whole(stranger, model)
    assert fault.times == 0
    assert len(server.asked(BLOB, method="GET")) >= 2


def test_a_long_file_goes_on_where_it_broke_off(
    server: HubServer, save: Callable[..., Path], tmp_path: Path, door: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1000)
    model = save(tmp_path / "model")
    publish(model, "acme/tiny", **SAID, tag="v1", hub=door)
    server.fault(BLOB, method="GET", cut_after=12_345)
    whole(door, model)
    ranges = [one.headers.get("range") for one in server.asked(BLOB, method="GET")]
    assert ranges == [None, "bytes=12000-"]
    server.fault(BLOB, method="GET", cut_after=12_345)
    server.fault(BLOB, method="GET", ignore_range=True)
    whole(Hub(door.endpoint, tmp_path / "another", door.token), model)


@pytest.mark.parametrize("name", ["config.json", "hitzoo.yaml", "manifest.json"])
def test_a_small_file_with_one_byte_altered(
    server: HubServer, published: Published, model: Path, stranger: Hub, name: str
) -> None:
    fault = server.fault(f"/resolve/.*{name}", method="GET", flip=100)
    whole(stranger, model)
    assert fault.times == 0


@pytest.mark.parametrize("path", ["/api/models/acme/tiny/revision", "/resolve/.*config.json"])
@pytest.mark.parametrize(
    "fault", [{"status": 502}, {"cut_after": 0, "cut": "reset"}, {"delay": 1.5}], ids=["502", "reset", "late"]
)
def test_a_question_that_is_not_answered_once(
    server: HubServer, published: Published, model: Path, stranger: Hub, path: str, fault: dict[str, Any]
) -> None:
    armed = server.fault(path, method="GET", **fault)
    with server.counting() as asked:
        whole(stranger, model)
    assert armed.times == 0
    assert len([one for one in asked if one.method == "GET" and re.search(path, one.path)]) == 2


def said(action: Callable[[], object]) -> str:
    with pytest.raises(HitzooError) as caught:
        action()
    assert "\n" not in str(caught.value)
    return str(caught.value)


NEVER = {
    "reset": ({"cut_after": 100, "cut": "reset"}, "broke off each of three times ("),
    "500": ({"status": 500}, "is in trouble, it answers 500; try again later"),
    "403": ({"status": 403}, "the storage behind http://127.0.0.1"),
    "altered": ({"flip": 19_000}, "is not what its manifest.json says, fetched twice: model.safetensors was altered"),
    "short": ({"truncate": 100}, "arrived cut short each of three times; try again later"),
    "404": ({"status": 404}, "answers 404"),
}


@pytest.mark.parametrize("what", NEVER)
def test_a_transfer_that_never_works(server: HubServer, published: Published, stranger: Hub, what: str) -> None:
    fault, message = NEVER[what]
    server.fault(BLOB, method="GET", times=99, **fault)
    assert message in said(lambda: pull(TINY, hub=stranger))
    assert stranger.cache is not None
    assert not list(stranger.cache.rglob("*.incomplete"))
    tries = len(server.asked(BLOB, method="GET"))
    assert tries == {"altered": 2, "404": 1}.get(what, 3)


def test_a_damaged_cache_is_healed(server: HubServer, published: Published, model: Path, stranger: Hub) -> None:
    folder = pull(TINY, hub=stranger).folder
    for name in ("model.safetensors", "config.json", "hitzoo.yaml", "manifest.json"):
        raw = (folder / name).read_bytes()
        for damage in (raw[:-50], raw[:20] + b"?" + raw[21:], b""):
            (folder / name).write_bytes(damage)
            whole(stranger, model)
            with server.counting() as asked:
                whole(stranger, model)
            assert len(asked) == 1, f"{name} was not put right"
        (folder / name).unlink()
        whole(stranger, model)


def test_a_manifest_that_is_damaged_but_can_be_read(published: Published, model: Path, stranger: Hub) -> None:
    """It is the manifest that is wrong then, though the file is blamed: both are fetched again."""
    manifest = pull(TINY, hub=stranger).folder / "manifest.json"
    sha256 = json.loads(manifest.read_text())["files"]["config.json"]["sha256"]
    manifest.write_text(manifest.read_text().replace(sha256, sha256[::-1]))
    whole(stranger, model)


def test_a_damaged_cache_without_links_is_healed(
    published: Published, model: Path, stranger: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.are_symlinks_supported", lambda *_, **__: False)
    file = pull(TINY, hub=stranger).folder / "model.safetensors"
    assert not file.is_symlink()
    raw = file.read_bytes()
    file.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    whole(stranger, model)


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("name", ["config.json", "manifest.json", "model.safetensors"])
def test_healing_leaves_what_is_there_until_the_new_file_has_come(
    server: HubServer,
    published: Published,
    model: Path,
    stranger: Hub,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    links: bool,
) -> None:
    if not links:
        monkeypatch.setattr("huggingface_hub.file_download.are_symlinks_supported", lambda *_, **__: False)
    file = pull(TINY, hub=stranger).folder / name
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    there: list[bool] = []

    def look(answer: Answer) -> Answer:
        there.append(file.is_file())
        return answer

    server.otherwise("/resolve/|/blob/", look)
    whole(stranger, model)
    assert there
    assert all(there)
    assert stranger.cache is not None
    assert not list(stranger.cache.glob(".healing-*"))


@pytest.mark.parametrize("fresh", [True, False])
def test_healing_by_several_at_once_refuses_none(
    server: HubServer, published: Published, model: Path, stranger: Hub, fresh: bool
) -> None:
    if fresh:
        server.fault(BLOB, method="GET", flip=19_000)  # one of them gets a damaged answer
    else:
        folder = pull(TINY, hub=stranger).folder
        for name in ("config.json", "model.safetensors"):
            (folder / name).write_bytes(b"?" + (folder / name).read_bytes()[1:])
    with ThreadPoolExecutor(4) as pool:
        commits = list(pool.map(lambda _: pull(TINY, hub=stranger).commit, range(8)))
    assert commits == [published.commit] * 8
    assert get_session().timeout.read is None, "the limit was taken back"
    whole(stranger, model)


def test_cache_that_links_to_another_file_is_healed(published: Published, model: Path, stranger: Hub) -> None:
    file = pull(TINY, hub=stranger).folder / "model.safetensors"
    other = file.resolve().with_name("0" * 64)
    other.write_bytes(b"another file")
    file.unlink()
    file.symlink_to(other)
    whole(stranger, model)
    assert other.read_bytes() == b"another file"


def test_no_room(server: HubServer, published: Published, stranger: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    full = SimpleNamespace(free=1000)
    monkeypatch.setattr("hitzoo.hub.pull.shutil", SimpleNamespace(disk_usage=lambda place: full))
    with pytest.raises(OutputError) as caught:
        pull(TINY, hub=stranger)
    assert f"acme/tiny@v1 needs 19,908 bytes in {stranger.cache}, where 1,000 are free" in str(caught.value)
    assert server.asked(BLOB, method="GET") == []


def test_a_disk_that_runs_full(published: Published, hitzoo: Commands, tmp_path: Path) -> None:
    """No file may grow beyond 10 kB: the small ones fit, the weights do not, as when the disk is full."""
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))"
    printed = hitzoo("pull", "acme/tiny@v1", code=2, before=limit)
    assert printed.startswith("cannot write ")
    assert "the file would exceed what the file system or the process may write" in printed
    assert not list((tmp_path / "home").rglob("*.incomplete"))
    assert "all verified" in hitzoo("pull", "acme/tiny@v1")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_that_may_only_be_read_is_enough(published: Published, model: Path, stranger: Hub) -> None:
    pull(TINY, hub=stranger)
    assert stranger.cache is not None
    places = [stranger.cache, *stranger.cache.rglob("*")]
    for place in places:
        if place.is_dir():
            place.chmod(0o555)
    try:
        whole(stranger, model)
    finally:
        for place in places:
            if place.is_dir():
                place.chmod(0o755)


UPLOADS: dict[str, tuple[str, dict[str, Any]]] = {
    "the commit is answered 503": ("/commit/", {"status": 503}),
    "the commit is made, its answer lost": ("/commit/", {"status": 500, "after_all": True}),
    "the commit is made, the connection reset": ("/commit/", {"cut_after": 0, "cut": "reset"}),
    "the tag is made, its answer lost": ("/tag/", {"status": 500, "after_all": True}),
    "the tag is answered 503": ("/tag/", {"status": 503}),
    "an upload is answered 500": ("/upload/", {"status": 500}),
    "the batch is answered 502": ("/objects/batch", {"status": 502}),
    "the creation is answered 503": ("/repos/create", {"status": 503}),
}


@pytest.mark.parametrize("what", UPLOADS)
def test_publishing_over_a_bad_line_makes_one_commit(server: HubServer, model: Path, door: Hub, what: str) -> None:
    path, fault = UPLOADS[what]
    armed = server.fault(path, **fault)
    done = publish(model, "acme/tiny", **SAID, tag="v1", hub=door)
    repo = server.repos["acme/tiny"]
    assert [commit.message for commit in repo.commits.values()] == ["initial commit", "Publish tiny"]
    assert repo.tags == {"v1": done.commit} == {"v1": repo.head.oid}
    assert armed.times == 0


def test_publishing_again_after_it_failed_for_good(server: HubServer, model: Path, door: Hub) -> None:
    server.fault("/tag/", times=3, status=500)
    with pytest.raises(HubError, match="is in trouble, it answers 500"):
        publish(model, "acme/tiny", **SAID, tag="v1", hub=door)
    done = publish(model, "acme/tiny", **SAID, tag="v1", hub=door)
    assert done.changed == ()
    assert server.repos["acme/tiny"].tags == {"v1": done.commit}
    assert len(server.repos["acme/tiny"].commits) == 2


def test_publishing_a_new_version_while_the_storage_is_down(
    server: HubServer, published: Published, model: Path, door: Hub
) -> None:
    server.fault(BLOB, times=99, status=500)
    with pytest.raises(HubError, match="is in trouble, it answers 500"):
        publish(model, "acme/tiny", **SAID, tag="v2", hub=door)
    assert server.repos["acme/tiny"].tags.keys() == {"v1"}


STALLS = [
    "/repos/create",
    "/validate-yaml",
    "/preupload/",
    "/objects/batch",
    "/upload/",
    "/verify",
    "/commit/",
    "/tag/",
]


@pytest.mark.parametrize("path", STALLS)
def test_publishing_does_not_wait_for_ever(
    server: HubServer, model: Path, door: Hub, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hitzoo.hub.retry._PATIENCE", 0.3)
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the client's own pauses
    armed = server.fault(path, delay=30)
    done = publish(model, "acme/tiny", **SAID, tag="v1", hub=door)
    assert armed.times == 0
    repo = server.repos["acme/tiny"]
    assert [commit.message for commit in repo.commits.values()] == ["initial commit", "Publish tiny"]
    assert repo.tags == {"v1": done.commit}


def test_what_stalls_for_good_is_not_waited_for_three_times(
    server: HubServer, published: Published, stranger: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 0.2)
    monkeypatch.setattr("hitzoo.hub.retry._LONGEST_SILENCE", 0.5)
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the client's own pauses
    server.fault(BLOB, method="GET", times=99, cut_after=5000, cut="stall")
    assert "broke off" in said(lambda: pull(TINY, hub=stranger))
    assert len(server.asked(BLOB, method="GET")) == 6


def test_one_line_says_that_it_goes_on(
    server: HubServer, published: Published, stranger: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    server.fault(BLOB, method="GET", cut_after=5000)
    server.fault(BLOB, method="GET", status=503)
    pull(TINY, hub=stranger)
    assert caplog.messages == ["a request to the Hub failed (503); trying again in 0 s"]


@pytest.mark.parametrize("path", ["/refs", "/resolve/.*safetensors"])
def test_looking_does_not_wait_for_ever(
    server: HubServer, published: Published, stranger: Hub, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hitzoo.hub.retry._PATIENCE", 0.3)
    armed = server.fault(path, delay=30)
    assert info_of_repo(TINY, stranger).tags == ("v1",)
    assert armed.times == 0


def test_the_limits_a_program_set_are_its_own(published: Published, stranger: Hub) -> None:
    before = get_session().timeout
    pull(TINY, hub=stranger)
    assert get_session().timeout == before
