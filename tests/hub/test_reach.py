"""One small request, and what is said where it fails; no address in it."""

from __future__ import annotations

import pytest
from huggingface_hub import constants

from hitzoo.doctor.hub import hub
from hitzoo.errors import HubError
from hitzoo.hub.environment import CannotAsk
from hitzoo.hub.reach import reach_hub
from tests.hub.server import Answer, HubServer


def said() -> str:
    with pytest.raises(HubError) as caught:
        reach_hub()
    return str(caught.value)


def test_hub_that_answers(server: HubServer) -> None:
    server.otherwise("^/api/models$", lambda answer: Answer(200, b"[]"))
    reached = reach_hub()
    assert reached.logged_in is False
    assert reached.seconds >= 0
    assert len(server.log) == 1
    assert [(result.status, result.unit) for result in [hub()]] == [("pass", "s")]


def test_token_is_asked_about(server: HubServer, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    assert reach_hub().logged_in
    assert [asked.path for asked in server.log if "whoami" in asked.path] == ["/api/whoami-v2"]
    assert hub().note == "the token that is set is accepted"


def test_token_that_is_not_accepted(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_nobodyKnowsThisToken")
    assert said().startswith("it does not accept the token that is set; log in anew")
    result = hub()
    assert (result.status, result.value) == ("fail", None)


@pytest.mark.parametrize("status", [403, 503])
def test_hub_in_trouble(server: HubServer, token: str, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    server.fault("/api/whoami-v2", status=status, times=3)
    assert said() == f"it answers {status}"


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://alice:rabbithole@127.0.0.1:9")
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    message = said()
    assert waits == []  # the client's own tries take 20 s
    assert message.startswith("no answer (")
    assert "rabbithole" not in message


def test_no_request_is_made_offline(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert said() == "HF_HUB_OFFLINE is set, so it was not asked"
    assert (hub().status, hub().note) == ("not applicable", "HF_HUB_OFFLINE is set, so it was not asked")
    assert server.log == []


def test_address_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "hub.example.org")
    with pytest.raises(CannotAsk, match="write it with https://"):
        reach_hub()
