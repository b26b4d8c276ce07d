"""`hitzoo eval`: numbers with their protocol, as a table and as JSON, and what is said when there are none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from jsonschema import validate
from PIL import Image

from hitzoo.sampling.create import untrained
from hitzoo.zoo.model_folder import write_model
from tests.cli.test_without_torch import PROBE
from tests.conftest import Run

OFFLINE = "random_conv_frechet,random_conv_pr,sliced_wasserstein"
FEW = ("--metrics", OFFLINE, "--samples", 12, "--real-samples", 8)

SET = {
    "type": "object",
    "required": ["images", "resolution", "channels", "values"],
    "properties": {"images": {"type": "integer"}, "resolution": {"const": 16}},
}
REPORT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["scores", "notes"],
    "properties": {
        "notes": {"type": "array", "items": {"type": "string"}},
        "scores": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["metric", "name", "value", "deviation", "better", "protocol"],
                "properties": {
                    "metric": {"type": "string"},
                    "name": {"type": "string"},
                    "value": {"type": "number"},
                    "deviation": {"type": ["number", "null"]},
                    "better": {"enum": ["lower", "higher"]},
                    "protocol": {
                        "type": "object",
                        "required": ["definition", "features", "generated", "real", "computed", "versions"],
                        "properties": {"generated": SET, "real": SET},
                    },
                },
            },
        },
    },
}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("HITZOO_INCEPTION_WEIGHTS", raising=False)


@pytest.fixture
def model(spec: Path, tmp_path: Path) -> Path:
    generator = untrained(str(spec), device="cpu")
    folder = tmp_path / "model"
    folder.mkdir()
    write_model(folder, generator.spec, generator.plan, generator.module.state_dict())
    return folder


def squares(folder: Path, count: int, side: int = 16) -> Path:
    folder.mkdir()
    random = np.random.default_rng(count)
    for index in range(count):
        pixels = random.integers(0, 256, (side, side, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:02d}.png")
    return folder


@pytest.mark.processes
def test_help_loads_no_torch(tmp_path: Path) -> None:
    words = [sys.executable, "-c", PROBE, "eval", "--help"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    for word in (
        "--model",
        "--images",
        "--data",
        "--metrics",
        "--samples",
        "--inception-weights",
        "sliced_wasserstein",
    ):
        assert word in done.stdout


def test_numbers_and_protocol_for_people(run: Run, model: Path) -> None:
    done = run("eval", "--model", model, *FEW)
    lines = done.stdout.splitlines()
    for name, better in (
        ("random_conv_frechet", "lower"),
        ("random_conv_precision", "higher"),
        ("random_conv_recall", "higher"),
        ("sliced_wasserstein", "lower"),
    ):
        (row,) = [line.split() for line in lines if line.split()[:1] == [name]]
        assert float(row[1]) >= 0
        assert row[2] == better
    assert "samples   12 of tiny (seeds 0-11, truncation 1, weights " in done.stdout
    assert "real      8 of 65,536 images of synthetic (spread evenly over the source's order, " in done.stdout
    assert "random_conv_pr: precision and recall" in done.stdout
    assert "features random-conv-1 (512); neighbours 3" in done.stdout
    assert "computed  float32 on cpu; torch " in done.stdout
    assert "note: random_conv_frechet of 8 images is biased upwards" in done.stdout


def test_the_rewritten_network_gives_the_same_numbers(run: Run, model: Path) -> None:
    words = ("eval", "--model", model, *FEW)
    plain, fast = (json.loads(run(*words, *more, "--json").stdout) for more in ((), ("--optimized",)))
    for one, other in zip(plain["scores"], fast["scores"], strict=True):
        assert other["value"] == pytest.approx(one["value"], rel=1e-3)
        assert other["protocol"]["generated"]["network"] == "fast, float32"
    assert "network fast, bfloat16" in run(*words, "--fast", "--precision", "bfloat16").stdout
    assert "goes with --optimized" in run(*words, "--precision", "bfloat16", code=2).stderr


def test_numbers_for_programs(run: Run, model: Path, tmp_path: Path) -> None:
    printed = json.loads(run("eval", "--model", model, *FEW, "--json", "--out", "numbers/first.json").stdout)
    validate(printed, REPORT)
    assert [score["name"] for score in printed["scores"]] == [
        "random_conv_frechet",
        "random_conv_precision",
        "random_conv_recall",
        "sliced_wasserstein",
    ]
    assert json.loads((tmp_path / "numbers" / "first.json").read_text(encoding="utf-8")) == printed
    kept = ("--out", "numbers/first.json")
    assert json.loads(run("eval", model, *FEW, *kept, "--json").stdout) == printed
    fewer = ("eval", model, *FEW, *kept, "--real-samples", 4, "--samples", 4)
    assert "first.json exists already, of a different comparison; --force replaces it" in run(*fewer, code=2).stderr
    assert json.loads((tmp_path / "numbers" / "first.json").read_text(encoding="utf-8")) == printed
    other = json.loads(run(*fewer, "--force", "--json").stdout)
    assert json.loads((tmp_path / "numbers" / "first.json").read_text(encoding="utf-8")) == other != printed
    again = json.loads(run("eval", "--model", model, *FEW, "--json", "--batch-size", 5).stdout)
    for one, other in zip(again["scores"], printed["scores"], strict=True):
        assert one["value"] == pytest.approx(other["value"], rel=1e-4)


def test_the_spec_says_what_the_options_do_not(run: Run, model: Path, tmp_path: Path) -> None:
    config = json.loads((model / "config.json").read_text())
    reals = squares(tmp_path / "reals", 9)
    config["spec"]["evaluation"] = {"metrics": ["sliced_wasserstein"], "samples": 10, "source": str(reals)}
    (model / "config.json").write_text(json.dumps(config))
    (score,) = json.loads(run("eval", "--model", model, "--json").stdout)["scores"]
    assert score["metric"] == "sliced_wasserstein"
    assert score["protocol"]["generated"]["images"] == 10
    assert (score["protocol"]["real"]["source"], score["protocol"]["real"]["images"]) == (str(reals), 9)
    (score,) = json.loads(run("eval", "--model", model, "--data", "synthetic", "--real-samples", 6, "--json").stdout)[
        "scores"
    ]
    assert (score["protocol"]["real"]["source"], score["protocol"]["real"]["images"]) == ("synthetic", 6)


def test_anybodys_pictures(run: Run, tmp_path: Path) -> None:
    made, reals = squares(tmp_path / "made", 7), squares(tmp_path / "reals", 6, side=20)
    report = json.loads(run("eval", "--images", made, "--data", reals, "--metrics", OFFLINE, "--json").stdout)
    validate(report, REPORT)
    generated = report["scores"][0]["protocol"]["generated"]
    assert (generated["source"], generated["images"], generated["crop"]) == (str(made), 7, "none")
    assert generated["fingerprint"]
    shown = run("eval", "--images", made, "--data", reals, "--metrics", OFFLINE, "--samples", 5).stdout
    assert f"samples   5 of 7 images of {made} (spread evenly" in shown
    assert f"real      6 of 6 images of {reals} (all, fingerprint " in shown


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_offline_the_ways_on_are_said(run: Run, model: Path) -> None:
    said = run("eval", "--model", model, "--metrics", "fid", "--samples", 10, code=2).stderr
    assert said.startswith("downloading the Inception network of torch-fidelity, 96 MB, from https://")
    assert "cannot be downloaded" in said
    assert "--inception-weights PATH or HITZOO_INCEPTION_WEIGHTS" in said
    assert "random_conv_frechet,random_conv_pr,sliced_wasserstein" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "give either a model or --images"),
        (["--model", "model", "--images", "made", "--data", "made"], "give either a model or --images"),
        (["--images", "made"], "--images needs --data"),
        (
            ["--images", "made", "--data", "made", "--truncation", "0.5"],
            "--batch-size and --optimized are for --model",
        ),
        (["--images", "made", "--data", "made", "--samples", "5"], "--samples 5: made has 4 pictures"),
        (["--images", "uneven", "--data", "made", "--metrics", OFFLINE], "04.png is 8×8 pixels; images to evaluate"),
        (["--images", "wide", "--data", "made"], "00.png is 20×10 pixels; images to evaluate must be squares"),
        (["--images", "nowhere", "--data", "made"], "no such folder"),
        (["--model", "model", "--metrics", "fidd"], "unknown metric 'fidd'; did you mean 'fid'?"),
        (["--model", "model", "--metrics", ","], "no metric is named; known: fid"),
        (["--model", "hit-ti-shapes33"], "did you mean 'hit-ti-shapes32'?"),
        (["--model", "hit-b-ffhq256"], "is a spec without trained weights"),
        (["--model", "model", "--data", "nowhere"], "no such folder"),
        (["--model", "model", "--metrics", OFFLINE, "--truncation", "0"], "--truncation 0.0: give a positive number"),
        (["--model", "model", "--metrics", "fid", "--inception-weights", "made/00.png"], "its sha256 is "),
        (["--model", "model", "--device", "tpu"], "--device tpu: not a device"),
    ],
)
def test_mistakes(run: Run, model: Path, tmp_path: Path, words: list[str], said: str) -> None:
    squares(tmp_path / "made", 4)
    uneven = squares(tmp_path / "uneven", 4)
    Image.new("RGB", (8, 8)).save(uneven / "04.png")
    (tmp_path / "wide").mkdir()
    Image.new("RGB", (20, 10)).save(tmp_path / "wide" / "00.png")
    assert said in run("eval", *words, code=2).stderr


def test_grids_beside_samples_are_left_out(run: Run, model: Path, tmp_path: Path) -> None:
    squares(tmp_path / "real", 8)
    run("sample", model, "--seeds", "0-7", "--out", "plain")
    run("sample", model, "--seeds", "0-7", "--grid", "2x2", "--labels", "--scale", 2, "--out", "made")
    words = ("--data", "real", "--metrics", "sliced_wasserstein", "--json")
    numbers = [run("eval", "--images", folder, *words) for folder in ("plain", "made")]
    plain, made = (json.loads(done.stdout)["scores"][0]["value"] for done in numbers)
    assert plain == made
    assert "left out: grid001.png and 1 more" in numbers[1].stderr
    for path in (tmp_path / "made").glob("seed*"):  # without pictures of ours beside them they are somebody's own
        path.unlink()
    assert "grid001.png is" in run("eval", "--images", "made", *words, code=2).stderr
