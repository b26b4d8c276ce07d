"""An evaluation that is to go into a card: every number of it a number, or said what is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hitzoo.errors import RequestError
from hitzoo.hub.provenance import read_report
from tests.conftest import Run

SCORE: dict[str, Any] = {
    "name": "fid",
    "metric": "fid",
    "value": 12.5,
    "protocol": {"generated": {"images": 100, "seeds": "0-99"}, "real": {"images": 16, "source": "photos"}},
}
DEEP = json.loads("[" * 900 + "]" * 900)
WRONG = {
    "no scores": ({"scores": []}, "holds no numbers"),
    "scores in words": ({"scores": "12"}, "holds no numbers"),
    "a list": ([SCORE], "holds no numbers"),
    "a score in words": ({"scores": ["12"]}, "score 1 is not a mapping"),
    "no value": ({"scores": [{"name": "fid", "metric": "fid"}]}, "the value of score 1, fid, is not a finite number"),
    "a value in words": ({"scores": [SCORE | {"value": "12"}]}, "not a finite number"),
    "a value that is true": ({"scores": [SCORE | {"value": True}]}, "not a finite number"),
    "a value without end": ({"scores": [SCORE | {"value": float("inf")}]}, "not a finite number"),
    "no number": ({"scores": [SCORE | {"value": float("nan")}]}, "not a finite number"),
    "400 digits": ({"scores": [SCORE | {"value": 10**400}]}, "not a finite number"),
    "a list as value": ({"scores": [SCORE | {"value": [1]}]}, "not a finite number"),
    "no name": ({"scores": [{"metric": "fid", "value": 1}]}, "score 1 has no name"),
    "a name that is none": ({"scores": [SCORE | {"name": {}}]}, "score 1 has no name"),
    "no metric": ({"scores": [SCORE, {"name": "fid", "value": 1}]}, "score 2 has no metric"),
    "a protocol in words": ({"scores": [SCORE | {"protocol": "100 images"}]}, "the protocol of score 1"),
    "a list of protocols": ({"scores": [SCORE | {"protocol": [1]}]}, "the protocol of score 1"),
    "images in words": (
        {"scores": [SCORE | {"protocol": {"generated": {"images": "100", "seeds": "0-99"}}}]},
        "generated.images of score 1 is not a count",
    ),
    "truncation in words": (
        {"scores": [SCORE | {"protocol": {"generated": {"truncation": "half"}}}]},
        "the truncation of score 1 is not a number",
    ),
    "a nest": ({"scores": [SCORE], "notes": DEEP}, "nested deeper"),
}


@pytest.mark.parametrize("what", WRONG)
def test_evaluation_that_is_none_is_refused_in_words(tmp_path: Path, what: str) -> None:
    report, message = WRONG[what]
    (tmp_path / "report.json").write_text(json.dumps(report))
    with pytest.raises(RequestError, match="hitzoo eval --out") as caught:
        read_report(tmp_path / "report.json")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 100_000, b'{"scores": [{"value": ' + b"9" * 5000 + b"}]}"])
def test_file_that_is_no_json_is_refused_in_words(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "report.json").write_bytes(raw)
    with pytest.raises(RequestError, match="holds no numbers"):
        read_report(tmp_path / "report.json")


def test_publish_says_it_before_anything_is_asked(run: Run, tmp_path: Path) -> None:
    words = ("publish", "hit-ti-shapes32", "acme/x", "--license", "apache-2.0", "--dry-run", "--evaluation")
    (tmp_path / "report.json").write_text(json.dumps({"scores": [{"name": "fid", "metric": "fid"}]}))
    assert "is not a finite number" in run(*words, "report.json", code=2).stderr
    (tmp_path / "report.json").write_text(json.dumps({"scores": [SCORE]}))
    assert "12.5" in run(*words, "report.json").stdout
    assert "holds no numbers" in run(*words, "nothing.json", code=2).stderr
