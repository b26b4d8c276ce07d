"""`hitzoo estimate`: time, memory and disk in words and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import Run

QUICK = ("--seconds", 0.2)


def test_time_memory_and_disk_are_said(run: Run, spec: Path, pictures: Path, tmp_path: Path) -> None:
    done = run("estimate", spec, "--data", pictures, "--steps", 1000, *QUICK)
    head, step, time, memory, disk, *rest = done.stdout.splitlines()
    assert head == f"tiny on cpu: 1,000 steps of 4 images from 6 images of {pictures}"
    for line, start in (
        (step, "  step    "),
        (time, "  time    about "),
        (memory, "  memory  about "),
        (disk, "  disk "),
    ):
        assert line.startswith(start), line
    assert rest[-1] == f"start: hitzoo train {spec} --data {pictures} --out runs/tiny"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pictures", "tiny.yaml"]


def test_estimate_for_programs(run: Run, spec: Path) -> None:
    found = json.loads(run("estimate", spec, "--json", "--batch-size", 8, *QUICK).stdout)
    assert (found["batch_size"], found["steps"], found["fits"]) == (8, 3, True)
    assert found["seconds"] > 3 * found["seconds_per_step"]


def test_mistakes_are_told_before_anything_is_timed(run: Run, spec: Path) -> None:
    assert "no such folder" in run("estimate", spec, "--data", "nowhere", code=2).stderr
    assert "--precision bf17" in run("estimate", spec, "--precision", "bf17", code=2).stderr
    assert "--batch-size 8 and --set training.batch_size=4 set the same value" in (
        run("estimate", spec, "--batch-size", 8, "--set", "training.batch_size=4", code=2).stderr
    )


def test_build_names_the_verb(run: Run, spec: Path) -> None:
    done = run("build", spec, "--set", "training.batch_size=8")
    assert f"hitzoo estimate {spec} --set training.batch_size=8" in done.stdout
