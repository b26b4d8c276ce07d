"""Everything the Hub can refuse: one sentence with a way on, and never a token in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from hitzoo.errors import HitzooError, HubError
from hitzoo.hub.client import Hub
from hitzoo.hub.info import info_of_repo
from hitzoo.hub.pull import pull
from hitzoo.hub.upload import Published
from hitzoo.sampling.publish import publish
from hitzoo.zoo.repo_name import RepoName, parse_repo_name
from tests.hub.conftest import SAID, Commands
from tests.hub.server import HubServer


@dataclass
class World:
    """A Hub with acme/tiny@v1 on it."""

    server: HubServer
    model: Path
    tmp_path: Path

    def hub(self, token: str | bool) -> Hub:
        return Hub(endpoint=self.server.url, cache=self.tmp_path / "somebodys", token=token)

    def said(self, action: Callable[[], object]) -> str:
        """The message; one line of it, which is no traceback and holds no token."""
        with pytest.raises(HitzooError) as caught:
            action()
        text = str(caught.value)
        assert "\n" not in text
        assert not [token for token in self.server.users if token in text]
        return text.replace(self.server.url, "HUB").replace(str(self.tmp_path), "TMP")

    def pulling(self, name: str = "acme/tiny@v1", token: str | bool = False) -> str:
        return self.said(lambda: pull(parse_repo_name(name), hub=self.hub(token)))

    def publishing(self, name: str = "acme/new", token: str | bool = False) -> str:
        return self.said(lambda: publish(self.model, name, **SAID, tag="v9", hub=self.hub(token)))


@pytest.fixture
def world(server: HubServer, published: Published, model: Path, tmp_path: Path) -> World:
    return World(server, model, tmp_path)


LOG_IN = "log in with `hf auth login` or set HF_TOKEN"


def test_a_repository_that_is_not_there_or_not_to_be_seen(world: World) -> None:
    bob = world.server.add_user("bob")
    anonymous = f"HUB has no model acme/none, or it is private; check the name, or {LOG_IN}"
    known = "HUB has no model acme/none that the token which is set may see; check name and account"
    assert world.pulling("acme/none") == anonymous
    assert world.pulling("acme/none", bob) == known
    world.server.repos["acme/tiny"].private = True
    assert world.pulling() == anonymous.replace("none", "tiny")
    assert world.pulling(token=bob) == known.replace("none", "tiny")


def test_a_gated_repository(world: World) -> None:
    bob = world.server.add_user("bob")
    repo = world.server.repos["acme/tiny"]
    repo.gated = "auto"
    assert world.pulling() == f"acme/tiny is gated; accept its terms at HUB/acme/tiny, then {LOG_IN}"
    gated = "acme/tiny is gated and this account has no access yet; ask for it at HUB/acme/tiny"
    assert world.pulling(token=bob) == gated
    assert world.said(lambda: info_of_repo(RepoName("acme/tiny"), world.hub(bob))) == gated
    world.server.log.clear()
    assert world.publishing("acme/tiny", token=bob) == gated
    assert not [one for one in world.server.log if one.method == "POST"]  # it is there: none is made in its place
    repo.granted.add("bob")
    assert pull(RepoName("acme/tiny", "v1"), hub=world.hub(bob)).commit == repo.tags["v1"]


def test_a_revision_that_is_not_there(world: World) -> None:
    assert world.pulling("acme/tiny@v2") == "acme/tiny has no revision 'v2'; its tags: v1"
    assert world.pulling(f"acme/tiny@{'0' * 40}") == f"acme/tiny has no revision '{'0' * 40}'; its tags: v1"
    world.server.repos["acme/tiny"].tags.clear()
    assert world.pulling("acme/tiny@v2").endswith("it has no tags; leave out the part after @ for its newest")


def test_a_disabled_repository(world: World) -> None:
    world.server.repos["acme/tiny"].disabled = True
    assert world.pulling() == "acme/tiny has been disabled by HUB; choose another model"


def test_a_repository_of_something_else(world: World) -> None:
    repo = world.server.repos["acme/tiny"]
    repo.commit("main", {}, removed=("hitzoo.yaml", "manifest.json"))
    message = (
        "acme/tiny is not a hitzoo model: it has no hitzoo.yaml, manifest.json; `hitzoo publish` makes such models"
    )
    assert world.pulling("acme/tiny") == message
    repo.commit("main", {}, removed=("model.safetensors",))
    said = world.said(lambda: info_of_repo(RepoName("acme/tiny"), world.hub(False)))
    assert said == "acme/tiny is not a hitzoo model: it has no model.safetensors"


def test_a_token_that_is_not_accepted(world: World) -> None:
    for said in (world.pulling(token="hf_wrongTokenNobodyMaySee"), world.publishing(token="hf_wrongTokenNobodyMaySee")):
        assert said.startswith(
            "HUB does not accept the token that is set (Invalid credentials in Authorization header)"
        )
        assert said.endswith("; make another at HUB/settings/tokens")


def test_publishing_without_the_right_to(world: World) -> None:
    assert world.publishing() == f"HUB wants to know who you are (Invalid username or password.); {LOG_IN}"
    reader = world.server.add_user("reader", role="read", orgs=("acme",))
    message = (
        "this account may not write to acme/{} (you don't have the rights to write to acme); the token needs write"
    )
    assert world.publishing(token=reader).startswith(message.format("new"))
    stranger = world.server.add_user("bob")
    assert world.publishing("acme/tiny", stranger).startswith(message.format("tiny"))
    assert world.server.repos.keys() == {"acme/tiny"}


def test_somebody_else_was_faster(world: World, token: str, save: Callable[..., Path]) -> None:
    repo, other = world.server.repos["acme/tiny"], save(world.tmp_path / "other", scale=0.7)
    before = len(repo.commits)
    fault = world.server.fault("/preupload/", delay=0)
    original = world.server.api.preupload

    def in_between(*args: object) -> object:
        repo.write("notes.md", "by somebody else")
        return original(*args)  # type: ignore[arg-type]

    world.server.api.routes = [
        (method, pattern, in_between if act == original else act) for method, pattern, act in world.server.api.routes
    ]
    said = world.said(lambda: publish(other, "acme/tiny", **SAID, tag="v2", hub=world.hub(token)))
    assert said == "somebody else changed acme/tiny meanwhile, nothing was published; run the same command again"
    assert len(repo.commits) == before + 1
    assert repo.tags.keys() == {"v1"}
    assert fault.times == 0


STATUSES = [
    (409, {}, "acme/tiny is being changed by somebody else; run the same command again"),
    (400, {}, "could not pull acme/tiny@v1: HUB answers 400"),
    (403, {}, "this account may not pull acme/tiny@v1; ask its owner for access"),
    (429, {"Retry-After": "3600"}, "HUB was asked too often; try again later, in 3,600 s"),
    (500, {}, "HUB is in trouble, it answers 500; try again later"),
    (503, {}, "HUB is in trouble, it answers 503; try again later"),
]


@pytest.mark.parametrize(("status", "headers", "message"), STATUSES, ids=[str(status) for status, *_ in STATUSES])
def test_answers_that_stay_what_they_are(world: World, status: int, headers: dict[str, str], message: str) -> None:
    world.server.fault("/api/models/acme/tiny/revision", times=99, status=status, headers=headers)
    assert world.pulling() == message
    tried = len(world.server.asked("/revision/v1"))
    assert tried == (3 if status >= 500 else 1)


def test_what_is_no_hub(world: World) -> None:
    portal = {"Content-Type": "text/html"}
    world.server.fault("/api/models/", times=99, status=200, headers=portal)
    message = "HUB does not answer as a Hub does; check HF_ENDPOINT and the proxy, and whether this network wants you"
    assert world.pulling().startswith(message)


def test_nobody_there(world: World) -> None:
    nowhere = Hub(endpoint="http://127.0.0.1:9", cache=world.tmp_path / "somebodys", token=False)
    said = world.said(lambda: pull(RepoName("acme/tiny", "v1"), hub=nowhere))
    assert said.startswith("http://127.0.0.1:9 cannot be reached to pull acme/tiny@v1 (")
    assert said.endswith("); check the network, the proxy and HF_ENDPOINT; models that were pulled work without")


def test_a_card_the_hub_does_not_take(world: World, token: str) -> None:
    errors = b'{"errors": [{"message": "the licence must be one of them"}], "warnings": []}'
    world.server.fault("/api/validate-yaml", status=400, body=errors)
    message = "could not publish acme/new: Invalid metadata in README.md. - the licence must be one of them"
    assert world.publishing(token=token) == message
    assert world.server.repos["acme/new"].head.message == "initial commit"


def test_a_password_in_the_address_is_not_shown(world: World, caplog: pytest.LogCaptureFixture) -> None:
    cache = world.tmp_path / "somebodys"
    nowhere = Hub(endpoint="http://alice:secret@127.0.0.1:9", cache=cache, token=False)
    with pytest.raises(HubError) as caught:
        pull(RepoName("acme/tiny", "v1"), hub=nowhere)
    pull(RepoName("acme/tiny", "v1"), hub=world.hub(False))
    pull(RepoName("acme/tiny", "v1"), hub=nowhere)
    assert "http://…@127.0.0.1:9 cannot be asked" in caplog.text
    assert "secret" not in str(caught.value) + caplog.text + nowhere.address


def test_a_token_that_cannot_be_one(world: World) -> None:
    said = world.pulling(token="hf_ünmöglichNobodyMaySee")
    assert said == "the token contains invalid characters; create another at HUB/settings/tokens"


def test_the_command_says_it_in_one_line_and_leaves_with_2(
    world: World, hitzoo: Commands, token: str, tmp_path: Path
) -> None:
    bob = world.server.add_user("bob")
    said = hitzoo("publish", world.model, "acme/tiny", "--license", "mit", code=2, HF_TOKEN=bob, HF_DEBUG="1")
    assert said.splitlines()[-1].startswith("this account may not write to acme/tiny (")
    assert bob not in said
    world.server.repos["acme/tiny"].gated = "manual"
    gated = "acme/tiny is gated and this account has no access yet; ask for it at"
    assert hitzoo("pull", "acme/tiny@v1", code=2, HF_TOKEN=bob) == f"{gated} {world.server.url}/acme/tiny\n"
