"""A built wheel brings specs, records, weights and schemas along, to an empty folder far from the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    words = ["pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", str(folder), str(CHECKOUT)]
    done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("hitzoo-*.whl"))


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(site: Path, cwd: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_shipped_file_travels(wheel: Path) -> None:
    assert wheel.stat().st_size < 60_000_000  # decision 40
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for kind in ("specs", "zoo"):
        files = {path.name for path in (CHECKOUT / kind).iterdir()}
        assert {f"hitzoo/_shipped/{kind}/{name}" for name in files} <= names
    assert {"hitzoo/spec/schema/spec.schema.json", "hitzoo/zoo/schema/card.schema.json", "hitzoo/py.typed"} <= names
    assert not [name for name in names if name.startswith(("tests/", "docs/", "specs/", "zoo/"))]


def test_the_schema_is_where_the_specs_say(site: Path) -> None:
    folder = site / "hitzoo" / "_shipped" / "specs"
    line = (folder / "hit-b-ffhq256.yaml").read_text(encoding="utf-8").splitlines()[0]
    named = (folder / line.split("$schema=")[1]).resolve()
    meant = (named.parent / json.loads(named.read_text(encoding="utf-8"))["$ref"]).resolve()
    assert meant == (site / "hitzoo" / "spec" / "schema" / "spec.schema.json").resolve()
    assert "hit_generator" in json.loads(meant.read_text(encoding="utf-8"))["$defs"]


def test_the_wheel_is_what_runs(site: Path, tmp_path: Path) -> None:
    assert run(site, tmp_path, "-c", "import hitzoo; print(hitzoo.__file__)").startswith(str(site))


def test_the_command_works_far_from_the_checkout(site: Path, tmp_path: Path) -> None:
    rows = {row["name"]: row for row in json.loads(run(site, tmp_path, "-m", "hitzoo", "list", "--json"))}
    assert set(rows) == {path.stem for path in (CHECKOUT / "specs").glob("*.yaml")}
    assert rows["hit-ti-shapes32"]["weights"] == "bundled"
    run(site, tmp_path, "-m", "hitzoo", "check", "hit-b-ffhq256")
    run(site, tmp_path, "-m", "hitzoo", "sample", "--model", "hit-ti-shapes32", "--seeds", "0-3", "--out", "out")
    assert len(list((tmp_path / "out").glob("*.png"))) == 4
