"""`hitzoo explore` and `hitzoo publish --space` as commands: what they print, and one message for each mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hitzoo.explore.server import PageServer
from tests.conftest import Run

MODEL = "hit-ti-shapes32"


def test_explore_prints_the_address_and_ends_with_ctrl_c(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def serve(server: PageServer) -> None:
        asked.append({"address": server.address})
        raise KeyboardInterrupt

    monkeypatch.setattr(PageServer, "serve_forever", serve)
    printed = run("explore", MODEL, "--port", "0", code=130).stdout
    assert printed == f"{MODEL} at {asked[0]['address']}; Ctrl-C ends it\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("explore", MODEL, "--runtime", "x"), "--runtime: goes with --export"),
        (("explore", MODEL, "--force"), "--force: goes with --export"),
        (("explore", MODEL, "--export", "site", "--port", "1"), "--port: is for the page on this machine"),
        (("publish", MODEL, "acme/page", "--runtime", "x"), "--runtime: goes with --space"),
        (("publish", MODEL, "acme/page", "--space", "--tag", "v1"), "--tag: is for a model"),
        (("publish", MODEL, "acme/page@v1", "--space"), "a Space shows its newest commit"),
        (("publish", MODEL, "acme/page", "--space", "--license", "none-such"), "none-such"),
    ],
)
def test_mistake_is_one_message(run: Run, words: tuple[str, ...], said: str) -> None:
    printed = run(*words, code=2)
    assert said in printed.stderr
    assert printed.stderr.count("\n") == 1
    assert printed.stdout == ""


def test_export_beside_something_else_is_one_message(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    (tmp_path / "site").write_text("mine")
    assert "site exists already and is no folder" in run("explore", MODEL, "--export", "site", code=2).stderr
