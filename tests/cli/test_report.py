"""`hitzoo report`: what it says, and its refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from hitzoo.report import plot
from tests.conftest import Run
from tests.report.written_runs import write_run


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    return write_run(tmp_path / "runs" / "a", [{"step": 1, "images": 4, "loss/generator": 1.0}])


def test_page_and_figures_are_written(run: Run, trained: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="hitzoo[plot] is not installed")
    told = run("report", trained, "--figures", tmp_path / "figures").stdout.splitlines()
    assert told[0] == f"wrote 1 plot as SVG and PNG to {tmp_path / 'figures'}"
    assert told[1].startswith("wrote report.html: 1 run, 1 plot, ")
    assert told[1].endswith(" kB; open it in a browser")
    assert Path("report.html").read_text().startswith("<!DOCTYPE html>")
    told = run("report", "runs", "--watch").stdout
    assert told.endswith("kB: no run goes on any more\n")


def test_refusals_are_one_message(run: Run, trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = {
        ("nowhere",): "nowhere is not there; give the folder of a run: `hitzoo runs DIR` lists them\n",
        (trained, "--watch", "--figures", "x"): "give --watch or --figures, not both: figures are of a run as it is\n",
        (trained, "--out", "x.pdf"): "--out x.pdf: a report is an HTML page; give a name that ends in .html\n",
    }
    for words, message in refused.items():
        assert run("report", *words, code=2).stderr == message
    Path("mine.html").write_text("<p>mine")
    monkeypatch.setattr(plot, "find_spec", lambda name: object())
    told = run("report", trained, "--out", "mine.html", code=2).stderr
    assert told == "mine.html exists already, and is no report; --force replaces it, or choose another name\n"
    monkeypatch.setattr(plot, "find_spec", lambda name: None)
    told = run("report", trained, code=2).stderr
    assert told == "hitzoo report draws with matplotlib, which is not installed; pip install 'hitzoo[plot]'\n"
