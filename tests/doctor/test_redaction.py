"""What a report may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from hitzoo.doctor.redaction import Redactor
from hitzoo.doctor.report import Fact, Report, Result, Section
from tests.doctor.in_process import outline


@pytest.fixture
def redactor(monkeypatch: pytest.MonkeyPatch) -> Redactor:
    for name, value in {
        "HOME": "/mnt/people/alicew",
        "USER": "alicewonder",
        "HF_TOKEN": "a-token-of-a-hub-of-ones-own",
        "WANDB_API_KEY": "0123456789abcdef",
        "HF_ENDPOINT": "https://alice:rabbithole@hub.wonderland.example/api",
        "SSL_CERT_FILE": "/srv/wonderland/all.pem",
        "HTTPS_PROXY": "http://proxy.wonderland.example:3128",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("socket.gethostname", lambda: "teapot7.wonderland.example")
    return Redactor()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cannot read /mnt/people/alicew/.cache/x", "cannot read ~/.cache/x"),
        ("/mnt/people/alicewx stays", "/mnt/people/alicewx stays"),
        ("owned by alicewonder, of alicew", "owned by USER, of USER"),
        ("on teapot7.wonderland.example and teapot7", "on HOST and HOST"),
        ("401 for a-token-of-a-hub-of-ones-own", "401 for …"),
        ("key=0123456789abcdef", "key=…"),
        ("hf_abcDEF123456 and Bearer abc.def", "… and Bearer …"),
        ("no route to hub.wonderland.example:443", "no route to …:443"),
        ("alice:rabbithole", "alice:…"),
        ("SSL_CERT_FILE is '/srv/wonderland/all.pem'", "SSL_CERT_FILE is '…'"),
        ("http://who:what@proxy.wonderland.example:3128/", "http://…@…:3128/"),
        ("NVIDIA H100 80GB HBM3, torch 2.15.0+cu132", "NVIDIA H100 80GB HBM3, torch 2.15.0+cu132"),
    ],
)
def test_text_without_what_identifies(redactor: Redactor, text: str, shown: str) -> None:
    assert redactor.text(text) == shown.replace("alice:…", "…:…")


def test_report_without_what_identifies(redactor: Redactor) -> None:
    secret = "alicewonder on teapot7"
    fact = Fact(key="os", label="system", text=secret, value={"name": [secret, 3, None]}, hint=secret)
    section = Section(key="machine", title="Machine", about="", facts=(fact,))
    report = Report(sections=[section], results=[Result(outline=outline("x", "cpu"), status="fail", note=secret)])
    found = redactor.report(report)
    assert "alicewonder" not in str(found)
    assert found.sections[0].facts[0].value == {"name": ["USER on HOST", 3, None]}
    assert found.results[0].outline == report.results[0].outline


def test_public_names_and_short_ones_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "root")
    monkeypatch.setenv("LOGNAME", "c")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")
    monkeypatch.setenv("HF_ENDPOINT", "https://huggingface.co")
    monkeypatch.setattr("socket.gethostname", lambda: "localhost")
    text = "root of c at localhost, huggingface.co, false"
    assert Redactor().text(text) == text


def test_machine_without_a_home_is_redacted(homeless: None) -> None:
    assert Redactor().text("torch 2.15") == "torch 2.15"


@pytest.mark.parametrize("address", ["https://[", "", "proxy:port:more"])
def test_address_that_is_none_is_left_out(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", address)
    assert Redactor().text("a text") == "a text"


def test_home_behind_a_link_is_redacted_in_both_forms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "disk7").mkdir()
    (tmp_path / "people").symlink_to(tmp_path / "disk7")
    monkeypatch.setenv("HOME", str(tmp_path / "people"))
    assert Redactor().text(f"{tmp_path}/people/x and {tmp_path}/disk7/x") == "~/x and ~/x"
