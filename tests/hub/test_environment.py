"""Variables of the environment that are written wrongly: said at once in one sentence, and the cache still works."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import close_session

from hitzoo.hub import environment
from hitzoo.hub.client import Hub
from hitzoo.hub.environment import CannotAsk, refuse_wrong, settle
from hitzoo.hub.pull import pull
from hitzoo.hub.upload import Published
from hitzoo.zoo.repo_name import RepoName
from tests.hub.conftest import Commands
from tests.hub.server import HubServer

TINY = RepoName("acme/tiny", "v1")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "no_proxy")


@pytest.fixture(autouse=True)
def _as_a_new_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(environment, "_wrong", {})
    monkeypatch.setattr(environment, "_notes", [])
    close_session()
    yield
    close_session()


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as the client has not been imported."""
    monkeypatch.delitem(sys.modules, "huggingface_hub.constants")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://hub.example ", "https://hub.example"),
        ('"https://hub.example"', "https://hub.example"),
        ("' https://hub.example/ '", "https://hub.example/"),
        ("", None),
        ('""', None),
        ("  ", None),
    ],
)
def test_endpoint_with_blanks_and_quotes_is_put_right(
    unread: None, monkeypatch: pytest.MonkeyPatch, written: str, meant: str | None
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", written)
    settle()
    assert os.environ.get("HF_ENDPOINT") == meant
    refuse_wrong()


@pytest.mark.parametrize(
    ("name", "written", "way"),
    [
        ("HF_ENDPOINT", "hf-mirror.example", "https://hf-mirror.example, or unset it"),
        ("HF_ENDPOINT", "ftp://hub.example", "write it with https://"),
        ("HF_ENDPOINT", "http://", "write it with https://"),
        ("HF_ENDPOINT", "http://[::1", "write it with https://"),
        ("HF_ENDPOINT", "http://hub.example:port", "write it with https://"),
        ("HF_ENDPOINT", "http://hub.example:99999", "write it with https://"),
        ("HF_ENDPOINT", "https://hub example", "write it with https://"),
        ("HF_HUB_DOWNLOAD_TIMEOUT", "abc", "for example HF_HUB_DOWNLOAD_TIMEOUT=30"),
        ("HF_HUB_ETAG_TIMEOUT", "1.5", "for example HF_HUB_ETAG_TIMEOUT=30"),
        ("HF_HUB_ETAG_TIMEOUT", "-5", "a whole number of seconds"),
        ("HF_HUB_ETAG_TIMEOUT", "0", "a whole number of seconds"),
        ("HF_HUB_ETAG_TIMEOUT", "9" * 400, "a whole number of seconds"),
    ],
)
def test_variable_that_cannot_be_meant_is_named(
    unread: None, monkeypatch: pytest.MonkeyPatch, name: str, written: str, way: str
) -> None:
    monkeypatch.setenv(name, written)
    settle()
    assert name not in os.environ, "the client could not be imported with it"
    settle()
    with pytest.raises(CannotAsk, match=f"^{name} is '") as caught:
        refuse_wrong()
    assert way in str(caught.value)


def test_password_in_a_wrong_address_is_not_shown(unread: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "me:secret@hub.example")
    settle()
    with pytest.raises(CannotAsk) as caught:
        refuse_wrong()
    assert "secret" not in str(caught.value)


def test_address_of_a_program_is_looked_at_too(tmp_path: Path) -> None:
    with pytest.raises(CannotAsk, match=r"^the Hub's address is 'hub\.example'"):
        pull(TINY, hub=Hub("hub.example", tmp_path))


def test_cache_without_a_home_is_no_folder_named_tilde(
    unread: None, homeless: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("HF_HOME", "")  # so that what is set here is taken back after the test
    settle()
    kept = Path(os.environ["HF_HOME"])
    assert kept.parent == tmp_path
    assert kept.stat().st_mode & 0o777 == 0o700
    assert list(environment.notes()) == [
        f"there is no home folder: models of the Hub are kept in {kept}; set HF_HOME for another place"
    ]
    kept.rmdir()
    kept.symlink_to("/etc")  # somebody else was there first
    monkeypatch.setenv("HF_HOME", "")
    settle()
    assert Path(os.environ["HF_HOME"]) not in (kept, Path("/etc"))


BAD_PROXIES = [
    ("ALL_PROXY", "socks5://127.0.0.1:9", r"pip install 'httpx\[socks\]'"),
    ("all_proxy", "socks5h://127.0.0.1:9", r"pip install 'httpx\[socks\]'"),
    ("HTTP_PROXY", "socks5://me:secret@127.0.0.1:9", r"pip install 'httpx\[socks\]'"),
    ("ALL_PROXY", "socks://127.0.0.1:9", "write it as http://HOST:PORT"),
    ("ALL_PROXY", "http://a:b:c", "write it as http://HOST:PORT"),
    ("ALL_PROXY", " http://127.0.0.1:9", "write it as http://HOST:PORT"),
]


@pytest.fixture
def no_socks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setattr(environment, "find_spec", lambda name: None)


@pytest.mark.parametrize(("name", "value", "way"), BAD_PROXIES)
def test_proxy_that_cannot_be_used_is_named_and_the_cache_taken(
    no_socks: None,
    server: HubServer,
    published: Published,
    stranger: Hub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    value: str,
    way: str,
) -> None:
    first = pull(TINY, hub=stranger)
    close_session()
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv(name, value)
    with server.counting() as asked, pytest.raises(CannotAsk, match=f"^{name} is '.*{way}") as caught:
        pull(TINY, hub=Hub(server.url, tmp_path / "empty", token=False))
    assert asked == []
    assert "secret" not in str(caught.value)
    assert os.environ[name] == value
    with caplog.at_level(logging.WARNING, "hitzoo"):
        assert pull(TINY, hub=stranger) == first
    assert [message.endswith("; acme/tiny@v1 is taken as the cache has it") for message in caplog.messages] == [True]


def test_proxy_that_cannot_be_used_does_no_harm_where_the_hub_needs_none(
    no_socks: None, server: HubServer, published: Published, stranger: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_session()
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    assert pull(TINY, hub=stranger).commit == published.commit


def test_storage_is_not_asked_beside_a_proxy_that_cannot_be_used(
    no_socks: None, server: HubServer, published: Published, stranger: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_session()
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # the Hub, and not its storage at localhost
    with pytest.raises(CannotAsk, match=r"^ALL_PROXY is '"):
        pull(TINY, hub=stranger)
    assert not server.asked("/blob/", method="GET")


@pytest.mark.parametrize("content", [None, "no certificate\n"])
def test_certificates_that_cannot_be_read_are_named(
    published: Published, stranger: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    file = tmp_path / "certificates.pem"
    if content is not None:
        file.write_text(content)
    close_session()
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(CannotAsk, match=r"^SSL_CERT_FILE is '.*name a file of certificates"):
        pull(TINY, hub=stranger)


WRONG = [
    {"HF_ENDPOINT": "hf-mirror.example"},
    {"HF_ENDPOINT": "http://[::1"},
    {"HF_HUB_DOWNLOAD_TIMEOUT": "abc"},
    {"HF_HUB_ETAG_TIMEOUT": "x"},
]


@pytest.mark.processes
def test_commands_say_it_at_once(hitzoo: Commands, published: Published) -> None:
    for variables in (WRONG[1], WRONG[3]):  # how each is told is tested above, without a process
        (name,) = variables
        printed = hitzoo("pull", "acme/tiny@v1", code=2, **variables)
        assert printed.startswith(f"{name} is '"), printed
        assert len(printed.splitlines()) == 1
    assert hitzoo("info", "acme/tiny", code=2, **WRONG[0]).startswith("HF_ENDPOINT is '")
    padded = {"HF_ENDPOINT": f'"{hitzoo.env["HF_ENDPOINT"]}" ', "HF_HUB_DOWNLOAD_TIMEOUT": "", "HF_HOME": ""}
    cache = {"XDG_CACHE_HOME": str(hitzoo.folder / "xdg")}
    assert "all verified" in hitzoo("pull", "acme/tiny@v1", **padded, **cache)
    printed = hitzoo("sample", "--model", "acme/tiny@v1", "--seeds", "0", **WRONG[2], **cache, HF_HOME="")
    assert "acme/tiny@v1 is taken as the cache has it" in printed
