"""Verbs that look at specs answer at once: torch, rich's rival in start-up time, is never loaded for them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import SPEC
from tests.conftest import Run

PROBE = """
import sys
from hitzoo.cli.app import app
try:
    app(sys.argv[1:], prog_name="hitzoo")
except SystemExit as leaving:
    assert leaving.code in (0, None), leaving.code
loaded = [name for name in ("torch", "huggingface_hub", "torch_fidelity", "torchvision") if name in sys.modules]
assert not loaded, loaded
"""


@pytest.mark.processes
@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        ["build", "--help"],
        ["train", "--help"],
        ["sample", "--help"],
        ["bench", "--help"],
        ["bench", "sample", "--help"],
        ["export", "--help"],
        ["list"],
        ["list", "hit-*", "--json"],
        ["info", "hit-b-ffhq256"],
        ["pull", "--help"],
        ["publish", "--help"],
        ["show", "hit-b-ffhq256"],
        ["show", "hit-b-ffhq256", "--resolved"],
        ["check", "hit-b-ffhq256", "tiny.yaml"],
        ["diff", "hit-b-ffhq256", "hit-imagenet128"],
        ["new", "mine.yaml", "--from", "hit-b-ffhq256"],
        ["data", "check", "pictures"],
        ["explain", "training.ema"],
    ],
    ids=" ".join,
)
def test_torch_is_not_loaded(words: list[str], spec: Path, tmp_path: Path, pictures: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_list_names_every_spec_with_its_size(run: Run) -> None:
    rows = {row["name"]: row for row in json.loads(run("list", "--json").stdout)}
    assert rows["hit-b-ffhq256"]["parameters"] == 46_217_670
    assert rows["hit-b-ffhq256"]["weights"] == "spec only"
    assert rows["hit-ti-shapes32"]["weights"] == "bundled"
    assert (rows["hit-b-ffhq256"]["published"], rows["hit-b-ffhq256"]["measured"]) == (
        {"fid": 2.95, "images_per_second": 52.09},
        {},
    )
    assert rows["hit-ti-shapes32"]["measured"]["random_conv_frechet"] == 33.08
    assert {row["weights"] for row in rows.values()} == {"bundled", "spec only"}  # nobody has published any yet
    assert "46.22 M" in run("list", "hit-b-*").stdout
    assert "nothing-*" in run("list", "nothing-*", code=2).stderr


def test_show_prints_the_very_text(run: Run, spec: Path) -> None:
    assert run("show", spec).stdout == SPEC
    assert "mlp_expansion: 4" in run("show", spec, "--resolved").stdout


def schema_of(text: str) -> Path:
    (place,) = re.findall(r"^# yaml-language-server: \$schema=(\S+)$", text, re.MULTILINE)
    return Path(place)


@pytest.mark.parametrize("words", [["show", "hit-b-ffhq256"], ["show", "hit-b-ffhq256", "--resolved"]], ids=" ".join)
def test_a_spec_that_is_shown_leads_editors_to_the_schema(run: Run, tmp_path: Path, words: list[str]) -> None:
    text = run(*words).stdout
    assert json.loads(schema_of(text).read_text())["$defs"]["hit_generator"]
    assert text.startswith("# yaml-language-server:")
    (tmp_path / "mine.yaml").write_text(text)
    assert "46,217,670" in run("check", "mine.yaml").stdout


def test_check_says_all_of_it_to_programs(run: Run, spec: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text(SPEC.replace("latent_dim", "latent_dims"))
    sound, broken, absent = json.loads(run("check", spec, "broken.yaml", "none.yaml", "--json", code=2).stdout)
    assert (sound["fits"], sound["resolution"], sound["problems"]) == (True, 16, [])
    assert sound["parameters"]["generator"] > 0
    (problem,) = broken["problems"]
    assert (problem["line"], problem["column"], problem["path"]) == (6, 3, "generator.latent_dims")
    assert problem["hint"].startswith("did you mean 'latent_dim'?")
    assert (absent["fits"], absent["problems"][0]["line"]) == (False, None)
    assert json.loads(run("check", spec, "--json").stdout) == [sound]
    (set_,) = json.loads(run("check", spec, "--json", "--set", "steps=60", code=2).stdout)
    assert set_["problems"][0]["line"] is None


def test_new_begins_a_spec_that_fits(run: Run, tmp_path: Path) -> None:
    run("new", "my-faces.yaml", "--from", "hit-b-ffhq256")
    text = (tmp_path / "my-faces.yaml").read_text()
    assert "name: my-faces\n" in text
    assert schema_of(text).is_file()
    assert "published" not in text  # the original's head comment is not true of the copy
    assert "# 4×4 tokens" in text  # the comments beside the values are
    assert "46,217,670" in run("check", "my-faces.yaml").stdout
    assert "exists already" in run("new", "my-faces.yaml", code=2).stderr
    assert (tmp_path / "my-faces.yaml").read_text() == text


def test_diff_shows_what_two_specs_mean_differently(run: Run, spec: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(SPEC.replace("steps: 3", "steps: 5").replace("attention: multi_axis", "block_size: auto"))
    changes = json.loads(run("diff", spec, other, "--json").stdout)
    assert changes.pop("training.steps") == {"a": 3, "b": 5}
    assert set(changes) == {"generator.stages[0].block_size"}
    assert "no difference" in run("diff", spec, spec).stdout


def test_check_reports_every_problem_of_every_spec(run: Run, spec: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        SPEC.replace("latent_dim", "latent_dims").replace("heads: 2, depth: 1, attention: none", "depth: x")
    )
    unfit = tmp_path / "unfit.yaml"
    unfit.write_text(SPEC.replace("channels: 16, heads: 2", "channels: 18, heads: 4, block_size: 3"))
    done = run("check", "broken.yaml", spec, "unfit.yaml", code=2)
    assert "tiny.yaml: fits" in done.stdout
    for words in (
        "broken.yaml:6:3  generator.latent_dims",
        "did you mean 'latent_dim'?",
        "broken.yaml:10:28  generator.stages[1].depth",
        '"x" is not a whole number',
        "unfit.yaml:9:29  generator.stages[0].heads",
        "4 heads do not divide 18 channels",
        "blocks of 3 do not divide the stage's resolution 8",
        "18 channels cannot be dealt to 2×2 pixels",
    ):
        assert words in done.stderr
    both = tmp_path / "both.yaml"
    both.write_text(
        SPEC.replace("latent_dim", "latent_dims").replace("channels: 16, heads: 2", "channels: 18, heads: 4")
    )
    said = run("check", both, code=2).stderr
    assert said.index("unknown key 'latent_dims'") < said.index("4 heads do not divide 18 channels")
    assert "--set training.batch_size=x" in run("check", spec, "--set", "training.batch_size=x", code=2).stderr


def test_data_check_counts_and_names_the_bad(run: Run, pictures: Path) -> None:
    report = json.loads(run("data", "check", pictures, "--json").stdout)
    assert (report["count"], report["sizes"], report["bad"]) == (6, {"20x20": 6}, [])
    (pictures / "broken.png").write_bytes(b"not a picture")
    done = run("data", "check", pictures, code=2)
    assert "7 images, 6 readable" in done.stdout
    assert "broken.png" in done.stdout


def test_diff_writes_values_as_specs_do_at_any_width(
    run: Run, spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / f"{'long' * 30}.yaml"
    other.write_text(SPEC.replace("data: {", "data: {flip: false, "))
    monkeypatch.setenv("COLUMNS", "80")
    first, *lines = run("diff", spec, other).stdout.splitlines()
    assert [line.split() for line in lines if "data.flip" in line] == [["data.flip", "true", "false"]]
    assert first.split()[-1].startswith("…")
    assert first.endswith("long.yaml")
