"""A Hub that answers otherwise than ours here does, and is one nevertheless: mirrors and self-made ones leave out much.

What the client itself cannot do without is a message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hitzoo.errors import HubError
from hitzoo.hub.client import Hub
from hitzoo.hub.info import info_of_repo
from hitzoo.hub.pull import pull
from hitzoo.hub.upload import Published
from hitzoo.sampling.publish import publish
from hitzoo.zoo.repo_name import RepoName
from tests.hub.api import Answer, Refused
from tests.hub.conftest import SAID
from tests.hub.server import HubServer

TINY = RepoName("acme/tiny", "v1")
INFO = r"^/api/models/acme/tiny(/revision/[^/]+)?$"


def edited(edit: Callable[[Any], Any]) -> Callable[[Answer], Answer]:
    """A change of what an answer says in JSON."""

    def change(answer: Answer) -> Answer:
        if answer.status != 200:
            return answer
        return replace(answer, body=json.dumps(edit(json.loads(answer.body))).encode())

    return change


def without(*keys: str, each: str = "") -> Callable[[Answer], Answer]:
    """Keys left out, of the answer or of each entry of a list in it."""

    def edit(data: Any) -> Any:
        if each:
            return data | {each: [{key: entry[key] for key in entry if key not in keys} for entry in data[each]]}
        return {key: data[key] for key in data if key not in keys}

    return edited(edit)


def only(*keys: str) -> Callable[[Answer], Answer]:
    return edited(lambda data: {key: data[key] for key in keys} | {"siblings": names_of(data)})


def names_of(data: Any) -> Any:
    return [{"rfilename": entry["rfilename"]} for entry in data["siblings"]]


def without_quotes(answer: Answer) -> Answer:
    return replace(answer, headers={key: value.strip('"') for key, value in answer.headers.items()})


def without_words(answer: Answer) -> Answer:
    """A bare 404, which does not say what it is that is missing."""
    return Answer(404) if answer.status == 404 else answer


OTHERS: dict[str, tuple[str, Callable[[Answer], Answer]]] = {
    "no sizes and hashes in the list of files": (INFO, without("size", "blobId", "lfs", each="siblings")),
    "nothing but what must be": (INFO, only("id", "sha")),
    "missing models are a bare 404": ("/api/models/", without_words),
    "hashes without quotes": ("/resolve/", without_quotes),
    "no verification of uploads": (
        "/objects/batch",
        edited(lambda data: {"objects": [unverified(entry) for entry in data["objects"]]}),
    ),
    "uploads are not compared": ("/preupload/", without("oid", each="files")),
    "everything is small": (
        "/preupload/",
        edited(lambda data: {"files": [entry | {"uploadMode": "regular"} for entry in data["files"]]}),
    ),
    "everything is large": (
        "/preupload/",
        edited(lambda data: {"files": [entry | {"uploadMode": "lfs"} for entry in data["files"]]}),
    ),
}


def unverified(entry: Any) -> Any:
    return entry | ({"actions": {"upload": entry["actions"]["upload"]}} if "actions" in entry else {})


def there_and_back(server: HubServer, model: Path, door: Hub) -> None:
    """Published once, once more without a commit, pulled, and looked at."""
    first = publish(model, "acme/tiny", **SAID, tag="v1", hub=door)
    again = publish(model, "acme/tiny", **SAID, tag="v1", hub=door)
    assert (again.commit, again.changed, again.removed) == (first.commit, (), ())
    assert server.repos["acme/tiny"].tags == {"v1": first.commit}
    pulled = pull(TINY, hub=door)
    assert pulled.model.weights.read_bytes() == (model / "model.safetensors").read_bytes()
    assert info_of_repo(TINY, door).size == pulled.model.weights.stat().st_size


@pytest.mark.parametrize("what", OTHERS)
def test_there_and_back(server: HubServer, model: Path, door: Hub, what: str) -> None:
    server.otherwise(*OTHERS[what])
    there_and_back(server, model, door)


def test_a_new_repository_without_a_first_commit(server: HubServer, model: Path, door: Hub) -> None:
    def change(answer: Answer) -> Answer:
        empty = "acme/tiny" in server.repos and len(server.repos["acme/tiny"].commits) == 1
        return Refused(404, "Invalid rev id: main", "RevisionNotFound").answer if empty else answer

    server.otherwise(INFO, change)
    server.fault("/commit/", status=400)
    with pytest.raises(HubError, match="answers 400"):
        publish(model, "acme/tiny", **SAID, tag="v1", hub=door)
    there_and_back(server, model, door)


def test_a_hub_without_xet(
    server: HubServer, model: Path, door: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("hf_xet")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", False)
    there_and_back(server, model, door)
    assert server.asked("xet-write-token")
    assert server.asked("/upload/", method="PUT")


def test_files_that_are_given_out_without_a_redirect(server: HubServer, model: Path, door: Hub) -> None:
    def change(answer: Answer) -> Answer:
        if answer.status != 302:
            return answer
        sha256 = answer.headers["X-Linked-Etag"].strip('"')
        headers = {"X-Repo-Commit": answer.headers["X-Repo-Commit"], "ETag": f'"{sha256}"'}
        return Answer(200, server.blobs[sha256], headers, is_file=True)

    server.otherwise("/resolve/", change)
    there_and_back(server, model, door)
    assert not server.asked("", method="GET", origin="storage")


def test_a_storage_that_gives_whole_files_only(server: HubServer, model: Path, door: Hub) -> None:
    server.fault("/blob/", times=99, ignore_range=True)
    there_and_back(server, model, door)


def test_a_repository_that_was_renamed(server: HubServer, published: Published, model: Path, door: Hub) -> None:
    former = server.api.answer

    def answer(asked: Any) -> Answer:
        moved = asked.path.replace("acme/old", "acme/tiny")
        return former(asked) if moved == asked.path else Answer(307, b"", {"Location": moved})

    server.api.answer = answer  # type: ignore[method-assign]
    assert pull(RepoName("acme/old", "v1"), hub=door).commit == published.commit
    assert info_of_repo(RepoName("acme/old", "v1"), door).commit == published.commit
    done = publish(model, "acme/old", **SAID | {"data": "others"}, tag="v2", hub=door)
    assert server.repos["acme/tiny"].tags == {"v1": published.commit, "v2": done.commit}


def test_what_the_repository_ignores_is_no_silent_gap(server: HubServer, model: Path, door: Hub) -> None:
    def ignoring(data: Any) -> Any:
        return {"files": [entry | {"shouldIgnore": "safetensors" in entry["path"]} for entry in data["files"]]}

    server.otherwise("/preupload/", edited(ignoring))
    with pytest.raises(
        HubError, match=r"acme/tiny did not take model\.safetensors into its commit \w{12}, which has no"
    ):
        publish(model, "acme/tiny", **SAID, tag="v1", hub=door)
    assert server.repos["acme/tiny"].tags == {}
    server.changes.clear()
    assert publish(model, "acme/tiny", **SAID, tag="v1", hub=door).changed == ("model.safetensors",)


def test_a_commit_that_arrives_after_all(server: HubServer, model: Path, door: Hub) -> None:
    """Its answer was lost, the head did not show it at once, and sent again it has somebody before it: itself."""

    def not_yet(data: Any) -> Any:
        repo, looks = server.repos["acme/tiny"], len(server.asked("/revision/main"))
        return data | {"sha": next(iter(repo.commits)), "siblings": []} if looks == 3 else data

    server.fault("/commit/", status=503, after_all=True)
    server.otherwise("/preupload/", without("oid", each="files"))
    server.otherwise("/revision/main$", edited(not_yet))
    done = publish(model, "acme/tiny", **SAID, tag="v1", hub=door)
    assert [one.status for one in server.asked("/commit/", method="POST")] == [503, 412]
    assert server.repos["acme/tiny"].tags == {"v1": done.commit}
    assert len(server.repos["acme/tiny"].commits) == 2


def test_a_tag_that_somebody_else_was_faster_with(server: HubServer, model: Path, door: Hub) -> None:
    def tagged(answer: Answer) -> Answer:
        repo = server.repos["acme/tiny"]
        repo.tags["v1"] = next(iter(repo.commits))
        return answer

    server.otherwise("/commit/", tagged)
    with pytest.raises(HubError, match=r"acme/tiny is being changed by somebody else \(Tag v1 already exists\)"):
        publish(model, "acme/tiny", **SAID, tag="v1", hub=door)


def test_information_does_not_need_the_tags(server: HubServer, published: Published, stranger: Hub) -> None:
    server.otherwise("/refs$", lambda answer: Answer(404))
    found = info_of_repo(TINY, stranger)
    assert (found.commit, found.tags) == (published.commit, ())


ODD: dict[str, tuple[str, Callable[[Answer], Answer]]] = {
    "a list": (INFO, lambda answer: replace(answer, body=b"[1, 2]")),
    "no kinds of references": ("/refs$", without("converts")),
    "no modes of uploads": ("/preupload/", without("shouldIgnore", each="files")),
    "no name of the commit": ("/commit/", edited(lambda data: {"success": True})),
}


@pytest.mark.parametrize("what", ODD)
def test_an_answer_the_client_stumbles_over_is_a_message(
    server: HubServer, published: Published, model: Path, door: Hub, what: str
) -> None:
    server.otherwise(*ODD[what])
    with pytest.raises(HubError) as caught:
        publish(model, "acme/tiny", **SAID | {"data": "others"}, tag="v2", hub=door)
    hint = "check HF_ENDPOINT, or the front matter of its README.md"
    assert str(caught.value) == f"what {server.url} says of acme/tiny cannot be understood; {hint}"


@pytest.mark.parametrize("sha", [None, "", "../../elsewhere"])
def test_a_commit_that_is_none(server: HubServer, published: Published, stranger: Hub, sha: str | None) -> None:
    server.otherwise(INFO, edited(lambda data: data | {"sha": sha}))
    with pytest.raises(HubError, match=re.escape("does not say which commit acme/tiny@v1 is; check HF_ENDPOINT")):
        pull(TINY, hub=stranger)


def test_a_stumble_of_ours_is_no_message(published: Published, stranger: Hub) -> None:
    def progress(done: int, total: int) -> None:
        raise KeyError("ours")

    with pytest.raises(KeyError, match="ours"):
        pull(TINY, hub=stranger, progress=progress)
