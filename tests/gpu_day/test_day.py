"""The script for a day with a GPU: parts fail, hang and are taken up again, and every result is there at once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gpu_day import __main__ as script
from tests.gpu_day.day import CHECKOUT, run_part, run_parts
from tests.gpu_day.order import ORDER
from tests.gpu_day.part import Part, Setup
from tests.gpu_day.parts import chosen, parts_of_day
from tests.gpu_day.readers import last_json, outcomes_of_tests
from tests.gpu_day.report import section, table

MACHINE = {"device": "cpu", "cores": 2, "torch": "2.15.0"}


def part(name: str, code: str, seconds: float = 30, **more: object) -> Part:
    return Part(name=name, title=f"About {name}", words=("-c", code), seconds=seconds, read=last_json, **more)  # type: ignore[arg-type]


PRINTS = "import json; print(json.dumps({'rows': [{'way': 'a|b', 'ms': 1.23456}]}))"
FAILS = "print('half'); raise SystemExit('in ' + __import__('os').getcwd())"
HANGS = """
import json, os, subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
print(json.dumps({'rows': [{'way': 'a|b', 'ms': 1.23456}], 'processes': [os.getpid(), child.pid]}), flush=True)
time.sleep(600)
"""


def is_alive(pid: int) -> bool:
    """A process that has ended and that nobody has asked for counts as gone."""
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.processes
def test_no_part_stops_the_day(tmp_path: Path) -> None:
    parts = [part("one", PRINTS), part("two", FAILS), part("three", HANGS, 4), part("four", PRINTS, devices=2)]
    told: list[str] = []
    found = run_parts(parts, tmp_path, MACHINE, tell=told.append)
    assert [one["status"] for one in found] == ["done", "failed", "ended for its time", "done"]
    assert found[2]["result"]["rows"] == found[0]["result"]["rows"]  # what was there when its time was over
    assert [is_alive(pid) for pid in found[2]["result"]["processes"]] == [False, False]
    assert found[1]["reason"] == "no result was printed; exit code 1"
    assert found[1]["printed"] == ["half", "in ."]
    written = json.loads((tmp_path / "three.json").read_text(encoding="utf-8"))
    assert written == found[2]
    text = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert text.count("| a\\|b | 1.23 |") == 3
    assert "Failed: no result was printed; exit code 1." in text
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".new"]


@pytest.mark.processes
def test_what_is_there_is_not_made_again_unless_asked_for(tmp_path: Path) -> None:
    counts = f"open({str(tmp_path / 'count')!r}, 'a').write('x'); {PRINTS}"
    parts = [part("one", counts), part("two", FAILS)]
    for again in (False, False, True):
        run_parts(parts, tmp_path, MACHINE, again=again, tell=lambda line: None)
    assert (tmp_path / "count").read_text() == "xx"
    (tmp_path / "one.json").write_text("{")  # cut by a full disk
    run_parts(parts, tmp_path, MACHINE, tell=lambda line: None)
    assert (tmp_path / "count").read_text() == "xxx"


def test_nothing_begins_when_the_time_is_over(tmp_path: Path) -> None:
    told: list[str] = []
    assert run_parts([part("one", PRINTS, 300)], tmp_path, MACHINE, seconds=10, tell=told.append) == []
    assert told == ["one: not begun, the time is over"]


def test_part_for_two_devices_is_left_out_on_one() -> None:
    card = MACHINE | {"device": "cuda", "devices": 1}
    found = run_part(part("two", "", devices=2), card, 10)
    assert (found["status"], found["reason"]) == ("not possible here", "needs 2 GPUs")


@pytest.mark.processes
def test_command_is_bounded_and_names_no_place_of_this_machine(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole command, with one part in miniature."""
    words = ["--device", "cpu", "--small", "--out", str(tmp_path), "--parts", "tiles", "--seconds", "120"]
    monkeypatch.setattr(script, "_machine", lambda device: MACHINE)
    assert script.main(words) == 0
    assert "tiles: done" in capfd.readouterr().out
    text = (tmp_path / "cpu" / "tiles.json").read_text(encoding="utf-8")
    assert json.loads(text)["result"]["note"] == "No Triton kernels on this device"
    assert str(CHECKOUT) not in (tmp_path / "cpu" / "results.md").read_text(encoding="utf-8")


@pytest.mark.exhaustive
@pytest.mark.processes
def test_every_part_runs_in_miniature(tmp_path: Path) -> None:
    """All parts on the CPU; `doctor` may be told of as failed where this machine has a failing check."""
    words = ["--device", "cpu", "--small", "--out", str(tmp_path), "--seconds", "1500"]
    subprocess.run([sys.executable, "-m", "tests.gpu_day", *words], timeout=1600, check=False, env=dict(os.environ))
    found = {name: json.loads((tmp_path / "cpu" / f"{name}.json").read_text(encoding="utf-8")) for name in ORDER}
    assert {name: one["reason"] for name, one in found.items() if one["status"] != "done" and name != "doctor"} == {}
    text = (tmp_path / "cpu" / "results.md").read_text(encoding="utf-8")
    assert text.count("\n### ") == len(ORDER)


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
def test_make_hands_on_what_is_asked_for_and_needs_no_network_with_wheels(tmp_path: Path) -> None:
    """What it would run, in a virtual environment that has yet to be made."""
    words = ["gpu", f"VENV={tmp_path}/venv", "PARTS=sample,run", "SECONDS=60", "OPTIONS=--again"]

    by_hand = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}

    def said(*more: str) -> str:
        command = ["make", "-n", *words, *more]  # tests may run under make themselves, which hands its own words on
        done = subprocess.run(command, cwd=CHECKOUT, env=by_hand, capture_output=True, text=True, check=True)
        return done.stdout

    lines = said("WHEELS=wheels").splitlines()
    assert lines[-1].split()[1:] == ["-m", "tests.gpu_day", "--parts", "sample,run", "--seconds", "60", "--again"]
    installs = [line for line in lines if " install " in line]
    assert len(installs) == 2
    assert [line.count(" install ") for line in installs] == [
        line.count(f"--no-index --find-links {CHECKOUT / 'wheels'}") for line in installs
    ]
    assert "--no-index" not in said()


@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_parts_are_those_of_the_order(tmp_path: Path, device: str, small: bool) -> None:
    parts = parts_of_day(Setup(device=device, small=small, results=tmp_path))
    assert [one.name for one in parts] == list(ORDER)
    assert all(0 < one.seconds <= 600 for one in parts)
    assert sum(one.seconds for one in parts[: ORDER.index("waits") + 1]) <= 700
    assert [one.name for one in chosen(parts, ["run", "tests"])] == ["tests", "run"]
    with pytest.raises(ValueError, match="no part is called nothing; there are: tests, doctor"):
        chosen(parts, ["nothing"])


def test_tests_are_read_also_where_they_were_cut_off() -> None:
    printed = "tests/a.py::test_one[x y] PASSED [ 1%]\ntests/a.py::test_two FAILED [ 2%]\ntests/a.py::test_three "
    found = outcomes_of_tests(printed, 1)
    assert (found["passed"], found["failed"], found["skipped"]) == (1, 1, 0)
    assert found["rows"] == [{"failed test": "tests/a.py::test_two", "reason": ""}]
    whole = outcomes_of_tests(printed + "PASSED\nFAILED tests/a.py::test_two - assert 1 == 2\n", 1)
    assert whole["rows"][0]["reason"] == "assert 1 == 2"
    of_workers = "[gw1] [  1%] PASSED tests/a.py::test_one[x y] \n[gw0] [100%] FAILED tests/a.py::test_two \n"
    found = outcomes_of_tests(of_workers + "FAILED tests/a.py::test_two - assert 1 == 2\n", 1)
    assert (found["passed"], found["failed"]) == (1, 1)
    assert found["rows"] == [{"failed test": "tests/a.py::test_two", "reason": "assert 1 == 2"}]
    with pytest.raises(ValueError, match="no test ran; exit code 5"):
        outcomes_of_tests("no tests ran\n", 5)


def test_result_is_the_last_object_printed() -> None:
    printed = 'warning {\n{"rows": [1]}\n{\n "rows": [1,\n 2]\n}\nbye\n'
    assert last_json(printed, 0) == {"rows": [1, 2]}
    assert last_json('{"rows": [1]}\n{"rows": [1, ', -9) == {"rows": [1]}
    with pytest.raises(ValueError, match="exit code 3"):
        last_json("nothing", 3)


def test_report_has_the_tables_of_benchmarks() -> None:
    about = {"when": "2026-11-27", "status": "done", "seconds": 3.0}
    runs = [
        {
            "setting": "default",
            "median_seconds": 0.51234,
            "speedup": 1.0,
            "speedup_quartiles": [0.9, 1.1],
            "peak_bytes": 3e9,
        },
        {"setting": "bf16", "error": "out of memory"},
    ]
    ceilings = {"bytes_per_second": 2.5e12, "flops_per_second": {"float32": 4e13}}
    sampled = [{"path": "plain", "precision": "float32", "batch": 16, "latency_ms": 12.345, "share_of_bound": 0.714}]
    results = [
        about | {"title": "Training", "command": "hitzoo bench train x", "result": {"runs": runs}},
        about
        | {"title": "Sampling", "command": "hitzoo bench sample x", "result": {"runs": sampled, "ceilings": ceilings}},
        about
        | {"title": "Doctor", "command": "hitzoo doctor", "result": {"checks": [{"name": "graph", "status": "pass"}]}},
        about | {"title": "Run", "command": "python", "result": {"rows": [], "picture": "run.png", "about": "samples"}},
    ]
    text = section(
        {"device": "cuda", "name": "NVIDIA X1", "cores": 8, "memory": 80e9, "torch": "2.15.0"},
        results,
        folder="benchmarks/x1",
    )
    assert text.startswith("## NVIDIA X1 (2026-11-27)\n\n80 GB, 8 cores, torch 2.15.0.\n\n### Training\n")
    assert "| default | 0.512 | 1 | 0.9–1.1 | 3 GB |  |" in text
    assert "| bf16 |  |  |  |  | out of memory |" in text
    assert "| plain | float32 | 16 | 12.3 | 71 % |" in text
    assert "Ceilings: copies 2500 GB/s, products 40 TFLOP/s in float32." in text
    assert "| graph | pass |" in text
    assert "![samples](benchmarks/x1/run.png)" in text
    assert table([]) == []
