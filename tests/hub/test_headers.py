"""Headers of a Hub that means harm: its client makes paths of them, and none leads out of the cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import close_session, get_session

from hitzoo.errors import HubError
from hitzoo.hub.client import Hub
from hitzoo.hub.info import info_of_repo
from hitzoo.hub.pull import pull
from hitzoo.hub.upload import Published
from hitzoo.zoo.repo_name import RepoName
from tests.hub.api import Answer
from tests.hub.server import HubServer

TINY = RepoName("acme/tiny", "v1")
FILES = r"/(resolve|resolve-cache)/"
PRECIOUS = "nobody may write here\n"


@pytest.fixture(autouse=True)
def _as_a_new_process() -> Iterator[None]:
    close_session()
    yield
    close_session()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """What lies around the cache, deep enough for a way out of it."""
    (tmp_path / ".bashrc").write_text(PRECIOUS)
    return tmp_path


def outside(home: Path, cache: Path | None) -> dict[str, str]:
    """Every file but those of the cache and of the test's own model, with its text."""
    assert cache is not None
    own = {cache, home / "model", home / "cache", home / "hf"}
    return {
        str(path.relative_to(home)): path.read_text(errors="replace")
        for path in home.rglob("*")
        if path.is_file() and not own & {path, *path.parents}
    }


def answered(server: HubServer, path: str = FILES, **headers: str) -> None:
    """Answers with these headers in place of what the Hub would say."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def change(answer: Answer) -> Answer:
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in map(str.lower, named)}
        return replace(answer, headers=kept | named)

    server.otherwise(path, change)


ETAGS = [
    "../../../planted.txt",
    '"../../../planted.txt"',
    'W/"../../../planted.txt"',
    "W//{home}/planted.txt",
    "/{home}/.bashrc",
    "{home}/.bashrc",
    "..",
    ".",
    "/",
    "",
    '""',
    "0" * 39,
    "0" * 41,
    "0" * 40 + "/../../../../planted.txt",
    "0" * 40 + "-../../../../planted.txt",
    "0" * 64 + "-gzip/../../../../../planted.txt",
    "..\\..\\planted.txt",
    "0" * 40 + "\\..\\planted",
    "x" * 64,
    "\xd9\xa0" * 40,
    "0" * 5000,
    "C:planted.txt",
    "%2e%2e%2fplanted.txt",
]


@pytest.mark.parametrize(("header", "etag"), [("ETag", etag) for etag in ETAGS] + [("X_Linked_Etag", ETAGS[0])])
def test_etag_never_becomes_a_path(
    server: HubServer, published: Published, stranger: Hub, home: Path, header: str, etag: str
) -> None:
    before = outside(home, stranger.cache)
    answered(server, **{header: etag.format(home=str(home).lstrip("/"))})
    with pytest.raises(HubError, match=r"does not answer as a Hub does"):
        pull(TINY, hub=stranger)
    assert outside(home, stranger.cache) == before
    assert stranger.cache is not None
    assert not [path for path in stranger.cache.rglob("*") if path.is_file()]
    assert not server.asked("/resolve/", method="GET"), "refused before anything is fetched"


def test_etag_with_an_absolute_path_overwrites_nothing(
    server: HubServer, published: Published, stranger: Hub, home: Path
) -> None:
    answered(server, ETag=f'"{home}/.bashrc"', X_Linked_Etag=f'"{home}/.bashrc"')
    with pytest.raises(HubError, match="X-Linked-Etag is"):
        pull(TINY, hub=stranger)
    assert (home / ".bashrc").read_text() == PRECIOUS


def test_etag_of_the_weights_alone(server: HubServer, published: Published, stranger: Hub, home: Path) -> None:
    before = outside(home, stranger.cache)
    answered(server, r"/resolve/.*safetensors", X_Linked_Etag='"../../../../planted.txt"')
    for ask in (lambda: pull(TINY, hub=stranger), lambda: info_of_repo(TINY, stranger)):
        with pytest.raises(HubError, match="X-Linked-Etag is"):
            ask()
    assert outside(home, stranger.cache) == before


def test_etag_behind_a_redirect(server: HubServer, published: Published, stranger: Hub, home: Path) -> None:
    """The client follows a redirect on the same host, to whatever path it names."""
    before = outside(home, stranger.cache)
    server.otherwise("/resolve/", lambda answer: Answer(307, b"", answer.headers | {"Location": "/anything"}))
    server.otherwise(
        "^/anything$", lambda answer: Answer(200, b"x", {"ETag": '"../../../planted"', "X-Repo-Commit": "0" * 40})
    )
    with pytest.raises(HubError, match="does not answer as a Hub does"):
        pull(TINY, hub=stranger)
    assert outside(home, stranger.cache) == before


def test_etag_while_a_damaged_cache_heals(server: HubServer, published: Published, stranger: Hub, home: Path) -> None:
    config = pull(TINY, hub=stranger).folder / "config.json"
    config.write_text("{}")
    before = outside(home, stranger.cache)
    answered(server, ETag="../../../planted.txt")
    with pytest.raises(HubError, match="ETag is"):
        pull(TINY, hub=stranger)
    assert outside(home, stranger.cache) == before


def test_session_that_the_client_makes_anew_is_watched_too(
    server: HubServer, published: Published, stranger: Hub, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client closes its session after a connection that could not be made, and goes on with another."""
    before = outside(home, stranger.cache)
    answered(server, ETag="../../../planted.txt", X_Linked_Etag="../../../planted.txt")
    real = huggingface_hub.file_download._get_metadata_or_catch_error

    def closing(**arguments: object) -> object:
        close_session()
        return real(**arguments)

    monkeypatch.setattr("huggingface_hub.file_download._get_metadata_or_catch_error", closing)
    with pytest.raises(HubError, match=r"(?i)ETag is"):
        pull(TINY, hub=stranger)
    assert outside(home, stranger.cache) == before


def test_commit_of_a_missing_file_never_becomes_a_path(
    server: HubServer, published: Published, stranger: Hub, home: Path
) -> None:
    """The client notes what is not there in a folder of that name."""
    before = outside(home, stranger.cache)
    commit = "../../../../planted"
    body = {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit}
    server.otherwise("/resolve/", lambda answer: Answer(404, b"", body))
    with pytest.raises(HubError, match="X-Repo-Commit is"):
        pull(TINY, hub=stranger)
    assert outside(home, stranger.cache) == before


OTHERS = {
    "a commit that is a path": {"X_Repo_Commit": "../../../planted"},
    "an absolute commit": {"X_Repo_Commit": "/tmp/planted"},
    "an empty commit": {"X_Repo_Commit": ""},
    "another commit": {"X_Repo_Commit": "0" * 40},
    "a negative size": {"X_Linked_Size": "-1"},
    "a size of 400 digits": {"X_Linked_Size": "9" * 400},
    "a size in words": {"X_Linked_Size": "many"},
    "a file as the address": {"Location": "file:///etc/passwd"},
    "a script as the address": {"Location": "javascript:1"},
    "blanks in the address": {"Location": "http://127.0.0.1:1/a b"},
    "a xet hash that is a path": {"X_Xet_Hash": "../../../planted"},
}


@pytest.mark.parametrize("what", OTHERS)
def test_header_that_is_none(server: HubServer, published: Published, stranger: Hub, home: Path, what: str) -> None:
    before = outside(home, stranger.cache)
    answered(server, **OTHERS[what])
    with pytest.raises(HubError, match="does not answer as a Hub does"):
        pull(TINY, hub=stranger)
    assert outside(home, stranger.cache) == before
    assert not server.asked("/blob/", method="GET")


@pytest.mark.parametrize(
    "form", ['"{}"', "{}", 'W/"{}"', '"{}-gzip"', '"{}-df"', 'W/"{}-br"', '"{}:gzip"', '"{}-12"'],
)  # fmt: skip
def test_etag_as_servers_write_it_is_taken(server: HubServer, published: Published, stranger: Hub, form: str) -> None:
    def written(name: str, value: str) -> str:
        return form.format(value.strip('"')) if "etag" in name.lower() else value

    def change(answer: Answer) -> Answer:
        return replace(answer, headers={name: written(name, value) for name, value in answer.headers.items()})

    server.otherwise(FILES, change)
    assert pull(TINY, hub=stranger).commit == published.commit


def test_requests_of_others_in_the_program_are_left_alone(
    server: HubServer, published: Published, stranger: Hub
) -> None:
    pull(TINY, hub=stranger)
    answered(server, ETag='"not-a-hash"')
    address = f"{server.url}/acme/tiny/resolve/v1/config.json"
    assert get_session().get(address).headers["ETag"] == '"not-a-hash"'
