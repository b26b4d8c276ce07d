from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hitzoo.bench import quality_plot
from hitzoo.bench.quality_plot import check_plot, draw, points_of
from hitzoo.errors import RequestError

TABLE = {  # FID, M parameters and images/s of a V100: Zhao et al. 2021, Table 4
    "hit-s": ("hit", 3.06, 38.01, 86.64),
    "hit-b": ("hit", 2.95, 46.22, 52.09),
    "hit-l": ("hit", 2.58, 97.46, 20.67),
    "stylegan2": ("stylegan2", 3.83, 30.03, 95.79),
    "cips": ("cips", 4.38, 45.90, 27.27),
    "inr-gan": ("inr_gan", 9.57, 107.03, 266.45),
}


def number(metric: str, value: float, protocol: str = "50,000 samples") -> dict[str, Any]:
    return {"metric": metric, "value": value, "protocol": protocol}


def model(name: str, family: str, fid: float | None, parameters: float, speed: float | None) -> dict[str, Any]:
    sampling = {"images_per_second": speed, "images_per_second_quartiles": [0.9 * (speed or 0), 1.1 * (speed or 0)]}
    return {
        "model": name,
        "family": family,
        "parameters": int(1e6 * parameters),
        "published": [] if fid is None else [number("fid", fid)],
        "measured": [],
        **({} if speed is None else {"sampling": sampling}),
    }


@pytest.fixture
def report() -> dict[str, Any]:
    models = [model(name, *facts) for name, facts in TABLE.items()]
    models += [model("mine.yaml", "hit", None, 5.0, 100.0), model("too-large", "hit", 2.0, 900.0, None)]
    models[0]["measured"] = [number("fid", 3.4, "against 70,000 of ffhq.zip")]
    facts = {"metric": "fid", "path": "optimized", "precision": "float32", "batch": 4, "hardware": "one V100"}
    facts |= {"device": "cuda", "threads": 2}
    return facts | {"models": models}


def test_point_is_what_was_measured_else_what_is_published(report) -> None:
    points = {point.name: point for point in points_of(report["models"], "fid")}
    assert list(points) == [*TABLE, "too-large"]
    assert (points["hit-s"].quality, points["hit-s"].published) == (3.4, False)
    assert (points["hit-b"].quality, points["hit-b"].published) == (2.95, True)
    assert points["too-large"].speed is None
    assert points_of(report["models"], "kid") == []


def test_figure_has_every_name_and_says_who_is_left_out(report, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="hitzoo[plot] is not installed")
    for name in ("one.svg", "two.svg"):
        draw(report, tmp_path / name, tmp_path / name)
    text = (tmp_path / "one.svg").read_text(encoding="utf-8")
    assert text == (tmp_path / "two.svg").read_text(encoding="utf-8")
    assert {name: text.count(f">{name}</text>") for name in TABLE} == dict.fromkeys(TABLE, 2) | {
        "stylegan2": 3,  # and in the legend, as a family
        "cips": 3,
    }
    assert text.count(">too-large</text>") == 1  # by its parameters alone
    for words in ("Without FID: mine.yaml.", "Not measured here: too-large.", "FID (lower is better)", "ffhq.zip"):
        assert words in text


def test_protocols_name_their_models_and_bars_are_told_where_there_are_some(report, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="hitzoo[plot] is not installed")
    report |= {"device": "cpu"}
    draw(report, tmp_path / "one.svg", tmp_path / "one.svg")
    text = (tmp_path / "one.svg").read_text(encoding="utf-8")
    assert "FID of hit-s: against 70,000 of ffhq.zip." in text
    assert "FID of hit-b, hit-l, stylegan2 and 3 more: 50,000 samples." in text
    assert "on one V100 (2 threads); bars: quartiles." in text
    for one in report["models"]:
        one.get("sampling", {}).pop("images_per_second_quartiles", None)
    draw(report, tmp_path / "two.svg", tmp_path / "two.svg")
    assert "on one V100 (2 threads)." in (tmp_path / "two.svg").read_text(encoding="utf-8")


def test_picture_is_light(report, tmp_path: Path) -> None:
    """The name of the file says the format, whatever the file is called that is written."""
    pytest.importorskip("matplotlib", reason="hitzoo[plot] is not installed")
    report["metric"] = "is"
    report["models"] = [
        model("runs/" + "of-my-long-experiments/" * 4, "hit", None, 30.0, 2.0) | {"published": [number("is", 21.3)]}
    ]
    draw(report, tmp_path / "x.PNG", tmp_path / "temporary")
    draw(report, tmp_path / "x.svg", tmp_path / "x.svg")
    assert ">…riments/of-my-long-experiments/</text>" in (tmp_path / "x.svg").read_text(encoding="utf-8")
    with Image.open(tmp_path / "temporary") as image:
        assert image.format == "PNG"
        assert image.convert("L").resize((1, 1)).getpixel((0, 0)) > 230


def test_figure_that_cannot_be_drawn_is_refused(monkeypatch) -> None:
    with pytest.raises(RequestError, match=r"--plot x\.jpg: give a file whose name ends in \.png, \.svg, \.pdf"):
        check_plot(Path("x.jpg"))
    monkeypatch.setattr(quality_plot, "find_spec", lambda name: None)
    with pytest.raises(RequestError, match=r"--plot x\.png: needs matplotlib; pip install 'hitzoo\[plot\]'"):
        check_plot(Path("x.png"))
