"""A report as a file: whole or not at all, in the place of an earlier one only, anew while a run goes on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

from hitzoo.errors import OutputError, RequestError, RunError
from hitzoo.report import write
from hitzoo.report.write import Written, check_target, keep_writing, write_figures, write_report
from tests.report.written_runs import SESSION, write_run

pytest.importorskip("matplotlib", reason="hitzoo[plot] is not installed")


def test_earlier_report_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    run = write_run(tmp_path / "a", [{"step": 1, "images": 4, "loss/generator": 1.0}])
    out = tmp_path / "new" / "report.html"
    check_target(out, force=False)
    assert not out.parent.exists()
    assert write_report([run], out).plots == 1
    check_target(out, force=False)
    out.write_text("<title>mine</title>")
    with pytest.raises(OutputError, match=r"report\.html exists already, and is no report; force=True replaces it"):
        check_target(out, force=False)
    check_target(out, force=True)
    with pytest.raises(RequestError, match=r"--out x\.png: a report is an HTML page; give a name that ends in \.html"):
        check_target(tmp_path.relative_to(tmp_path) / "x.png", force=False)


def test_failure_leaves_the_earlier_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = write_run(tmp_path / "a", [{"step": 1, "images": 4, "loss/generator": 1.0}])
    out = tmp_path / "report.html"
    write_report([run], out)
    before = out.read_bytes()
    with pytest.raises(RunError, match="is not there"):
        write_report([run, tmp_path / "gone"], out)
    monkeypatch.setattr(write, "page", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_report([run], out)
    assert out.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "report.html"]


def test_page_is_written_again_until_no_run_goes_on(tmp_path: Path) -> None:
    here = {**SESSION, "host": platform.node(), "pid": os.getpid(), "command": []}
    run = write_run(tmp_path / "a", about={"sessions": [here]})
    out, waits, told = tmp_path / "report.html", list[float](), list[Written]()

    def wait(seconds: float) -> None:
        assert 'data-refresh="5"' in out.read_text()
        waits.append(seconds)
        if len(waits) == 2:
            (run / "run.json").write_text((run / "run.json").read_text().replace(f'"pid": {os.getpid()}', '"pid": 0'))

    keep_writing([run], out, seconds=5, tell=told.append, wait=wait)
    assert waits == [5, 5]
    assert [one.goes_on for one in told] == [True, True, False]
    assert "data-refresh" not in out.read_text()


def test_figures_are_files_for_papers(tmp_path: Path) -> None:
    run = write_run(tmp_path / "a", [{"step": 1, "images": 4, "d_real": 1.0, "d_fake": -1.0}])
    figures = tmp_path / "figures"
    assert write_figures([run], figures, force=False) == 1
    assert {path.name for path in figures.iterdir()} == {"d-outputs.svg", "d-outputs.png"}
    (figures / "notes.txt").touch()
    with pytest.raises(OutputError, match=r"is not replaced: it holds notes\.txt"):
        write_figures([run], figures, force=True)
    with pytest.raises(RequestError, match="there is nothing to draw: no run has metrics yet"):
        write_figures([write_run(tmp_path / "b")], tmp_path / "none", force=False)
    assert not (tmp_path / "none").exists()
