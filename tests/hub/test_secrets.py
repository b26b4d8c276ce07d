"""What may never be printed: a server can say it, an address can hold it, the client can log it."""

from __future__ import annotations

import logging

import pytest

from hitzoo.errors import HubError
from hitzoo.hub.client import Hub
from hitzoo.hub.pull import pull
from hitzoo.hub.secrets import redact
from hitzoo.zoo.repo_name import RepoName
from tests.hub.server import HubServer

TINY = RepoName("acme/tiny", "v1")
SIGNED = "https://storage.example.org/blob/1?X-Amz-Signature=abcdef0123&Expires=9"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("what is hf_abcDEF123456?", "what is …?"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
        ("http://alice:secret@127.0.0.1:9/x", "http://…@127.0.0.1:9/x"),
        (f"403 for {SIGNED} at last", "403 for https://storage.example.org/blob/1?… at last"),
        ("https://example.org/a?page=2 stays", "https://example.org/a?page=2 stays"),
    ],
)
def test_what_is_left_out(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize("token", ["hf_aliceTokenNobodyMaySee", "a-token-of-a-hub-of-ones-own"])
def test_a_server_that_repeats_the_token(server: HubServer, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    server.fault("/api/models/", status=400, headers={"X-Error-Message": f"what is {token}?"})
    with pytest.raises(HubError) as caught:
        pull(TINY, hub=Hub())
    assert str(caught.value) == f"could not pull acme/tiny@v1: {server.url} answers 400 (what is …?)"


def test_the_logs_of_the_client(server: HubServer, stranger: Hub) -> None:
    with pytest.raises(HubError):
        pull(TINY, hub=stranger)
    handlers = logging.getLogger("huggingface_hub").handlers
    assert handlers
    for handler in handlers:
        record = logging.makeLogRecord({"msg": "thrown while requesting %s", "args": (SIGNED,)})
        assert handler.filter(record)
        assert record.getMessage() == "thrown while requesting https://storage.example.org/blob/1?…"
