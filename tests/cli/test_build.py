"""`hitzoo build`: the table, the JSON, and the model it writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run


@pytest.mark.parametrize(
    ("name", "generator", "discriminator"),
    [("hit-b-ffhq256", 46_217_670, 28_862_593), ("hit-imagenet128", 32_866_627, 23_880_833)],
)
def test_published_sizes(run: Run, name: str, generator: int, discriminator: int) -> None:
    report = json.loads(run("build", name, "--json").stdout)
    assert report["generator"]["parameters"] == generator
    assert report["discriminator"]["parameters"] == discriminator
    for part in ("generator", "discriminator"):
        rows = report[part]["rows"]
        assert sum(row["parameters"] for row in rows) == report[part]["parameters"]
        assert all(row["flops"] > 0 and row["activation_bytes"] > 0 for row in rows)
    training = report["training"]
    assert training["bytes_of_a_step"] == training["bytes_fixed"] + 256 * training["bytes_per_image"]


def test_table_is_one_screen_with_totals(run: Run) -> None:
    text = run("build", "hit-b-ffhq256").stdout
    assert len(text.splitlines()) <= 30
    assert max(map(len, text.splitlines())) <= 120
    for words in ("stages.3", "multi_axis 8²·8²", "stages.5 → rgb", "46,217,670", "26.7 G", "28,862,593"):
        assert words in text


def test_out_writes_a_model_that_can_be_sampled(run: Run, spec: Path, tmp_path: Path) -> None:
    run("build", spec, "--out", "model")
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["config.json", "model.safetensors"]
    run("sample", "--model", "model", "--seeds", "0-3", "--out", "pictures")
    assert len(list((tmp_path / "pictures").glob("seed*.png"))) == 4


def test_same_seed_same_bytes(run: Run, spec: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run("build", spec, "--out", name, "--seed", seed)
    a, b, c = ((tmp_path / name / "model.safetensors").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_nothing_is_overwritten(run: Run, spec: Path, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.txt").write_text("mine")
    assert "exists already" in run("build", spec, "--out", "model", code=2).stderr
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["mine.txt"]
