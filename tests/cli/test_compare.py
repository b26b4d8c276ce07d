"""`hitzoo compare`, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hitzoo.bench import interleaved
from hitzoo.bench.variants import VariantRunner
from hitzoo.errors import OutputError
from tests.cli.conftest import SPEC
from tests.conftest import Run


@pytest.fixture
def words(spec: Path) -> tuple[object, ...]:
    """Two tiny networks, of which the second is in a file of another name."""
    other = spec.with_name("narrow.yaml")
    other.write_text(SPEC.replace("latent_dim: 16", "latent_dim: 8"))
    return ("compare", spec.name, other.name, "--repeats", 2, "--batch", 2, "--device", "cpu")


def test_table_tells_of_every_network(run: Run, words) -> None:
    lines = run(*words).stdout.splitlines()
    assert lines[0].split("  ")[0].strip() == "model"
    assert [line.split()[0] for line in lines[2:4]] == ["tiny.yaml", "narrow.yaml"]
    assert "1.00 (1.00–1.00)" in lines[2]
    for column in ("params", "FLOPs", "images/s", "times the first", "ms for one", "memory"):
        assert column in lines[0]
    assert "step:" not in lines[0]
    assert lines[4].startswith("2 rounds, optimized network in float32, batch 2, on cpu (")


def test_steps_have_columns(run: Run, words) -> None:
    lines = run(*words[:2], *words[3:], "--train").stdout
    for column in ("step: s per image", "step: times the first", "step: memory per image"):
        assert column in lines
    assert "2 rounds and 2 rounds of steps in float32" in lines


def test_known_quality_has_columns(run: Run, words) -> None:
    lines = run("compare", "hit-ti-shapes32", *words[3:], "--metric", "sliced_wasserstein").stdout
    assert "own sliced_wasserstein" in lines.splitlines()[0]
    assert "0.04548" in lines
    assert "own sliced_wasserstein: as random_conv_frechet" in lines


def test_metric_that_no_network_has_is_told_of(run: Run, words) -> None:
    printed = run("compare", "hit-ti-shapes32", *words[3:], "--metric", "fdi").stdout
    assert "no fdi is known of any of these; there is efficientnet_frechet, random_conv_frechet," in " ".join(
        printed.split()
    )
    assert "no fid is known" not in run(*words).stdout
    assert "models of the zoo have one in their record, a run has" in run(*words, "--plot", "x.svg", code=2).stderr
    named = run("compare", "hit-ti-shapes32", *words[3:], "--metric", "Sliced_Wasserstein").stdout
    assert "0.04548" in named


def test_one_round_has_no_quartiles(run: Run, words) -> None:
    printed = run(*words[:3], "--repeats", 1, *words[5:]).stdout
    assert "1 round, " in printed
    assert "(1.00–1.00)" not in printed


def test_json_is_what_the_file_holds(run: Run, words, tmp_path: Path) -> None:
    report = json.loads(run(*words, "--json", "--out", "found.json").stdout)
    assert report == json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert (report["interrupted"], report["metric"], report["batch"], report["device"]) == (False, "fid", 2, "cpu")
    assert [model["model"] for model in report["models"]] == ["tiny.yaml", "narrow.yaml"]
    assert all(len(model["sampling"]["seconds"]) == 2 for model in report["models"])


def test_ctrl_c_prints_what_is_there(run: Run, words, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[dict] = []
    seconds, made = VariantRunner.seconds, []

    def interrupted(self: VariantRunner, call: object) -> float:
        made.append(call)
        if len(made) == 4 + 2:  # in the second round
            stored.append(json.loads((tmp_path / "found.json").read_text(encoding="utf-8")))
            raise KeyboardInterrupt
        return seconds(self, call)

    monkeypatch.setattr(VariantRunner, "seconds", interrupted)
    printed = run(*words, "--out", "found.json", code=130).stdout
    assert "interrupted after 2 rounds" in printed
    assert "wrote found.json" in printed
    after = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    lengths = [[len(model["sampling"]["seconds"]) for model in report["models"]] for report in (*stored, after)]
    assert lengths == [[1, 1], [2, 1]]
    assert after["interrupted"]


def test_file_that_can_no_longer_be_written_takes_no_result_away(run: Run, words, monkeypatch) -> None:
    def full(report: object, out: Path | None) -> None:
        raise OutputError("cannot write found.json: no space left on the device")

    monkeypatch.setattr("hitzoo.cli.compare._store", full)
    printed = run(*words, "--out", "found.json", code=2)
    assert "interrupted after 1 round" in printed.stdout
    assert printed.stderr == "cannot write found.json: no space left on the device\n"


def test_network_that_fails_is_told_of(run: Run, words, monkeypatch: pytest.MonkeyPatch) -> None:
    peak = VariantRunner.peak_bytes

    def full(self: VariantRunner, call: interleaved.SamplingCall) -> int:
        if call.plan.latent_dim == 8:
            raise MemoryError
        return peak(self, call)

    monkeypatch.setattr(VariantRunner, "peak_bytes", full)
    printed = run(*words).stdout
    assert "narrow.yaml makes no images here: out of memory" in printed
    assert [line.split()[0] for line in printed.splitlines()[2:4]] == ["tiny.yaml", "narrow.yaml"]
    alone = run(words[0], *words[2:], code=2)
    assert alone.stdout.splitlines()[2].split()[0] == "narrow.yaml"
    assert "none of these networks makes images here" in alone.stderr


def test_batch_that_does_not_fit_is_told_of(run: Run, words, monkeypatch: pytest.MonkeyPatch) -> None:
    peak = VariantRunner.peak_bytes

    def full(self: VariantRunner, call: interleaved.SamplingCall) -> int:
        if call.plan.latent_dim == 8 and call.batch == 2:
            raise MemoryError
        return peak(self, call)

    monkeypatch.setattr(VariantRunner, "peak_bytes", full)
    printed = run(words[0], *words[2:]).stdout
    assert "narrow.yaml makes no 2 images at once here: out of memory" in printed
    assert "ms for one" in printed.splitlines()[0]


def test_figure_is_drawn(run: Run, words, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="hitzoo[plot] is not installed")
    told = run(
        "compare", "hit-ti-shapes32", *words[3:], "--metric", "sliced_wasserstein", "--plot", "a.png", "--plot", "b.svg"
    ).stdout
    assert told.splitlines()[-2:] == ["wrote a.png", "wrote b.svg"]
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert ">hit-ti-shapes32</text>" in (tmp_path / "b.svg").read_text(encoding="utf-8")


def test_what_could_not_be_written_is_said_before_any_work(run: Run, words, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(VariantRunner, "seconds", lambda self, call: pytest.fail("measured"))
    monkeypatch.setattr("hitzoo.bench.quality_plot.find_spec", lambda name: object())
    (tmp_path / "found.json").write_text("{}")
    assert "found.json exists already; --force" in run(*words, "--out", "found.json", code=2).stderr
    assert "cannot write" in run(*words, "--out", "found.json/x.json", code=2).stderr
    assert "no fid is known of any of these" in run(*words, "--plot", "x.png", code=2).stderr
    bundled = run("compare", "hit-ti-shapes32", "--plot", "x.png", code=2).stderr
    assert "there is efficientnet_frechet, random_conv_frechet" in bundled
    assert "--path slow: possible: plain" in run(*words, "--path", "slow", code=2).stderr
    assert "did you mean 'hit-b-ffhq256'" in run("compare", "hit-ti-64", "hit-b-fhq256", code=2).stderr
    monkeypatch.setattr("hitzoo.bench.quality_plot.find_spec", lambda name: None)
    missing = run("compare", "hit-b-ffhq256", "--plot", "x.png", code=2).stderr
    assert missing == "--plot x.png: needs matplotlib; pip install 'hitzoo[plot]'\n"
