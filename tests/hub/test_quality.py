from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hitzoo.hub.plan_of import networks_of
from hitzoo.hub.quality import Quality, quality_of
from hitzoo.zoo.cards import find_card
from hitzoo.zoo.kept_reports import keep_report


def quality(model: str) -> Quality:
    _, plan, found = networks_of(model)
    return quality_of(model, plan, found)


def report(name: str, value: float) -> dict[str, Any]:
    protocol = {"generated": {"images": 1000, "seeds": "0-999"}, "real": {"images": 500, "source": "/data/photos"}}
    score = {"metric": "is" if name == "inception_score" else name, "name": name, "value": value, "deviation": None}
    return {"scores": [score | {"protocol": protocol}], "notes": []}


def test_numbers_of_a_model_of_the_zoo_are_those_of_its_record() -> None:
    found, card = quality("hit-ti-shapes32"), find_card("hit-ti-shapes32")
    assert card is not None
    assert found.measured == card.measured != ()
    paper = {number.metric: number.value for number in quality("hit-s-ffhq256").published}
    assert paper == {"fid": 3.06, "images_per_second": 86.64}
    assert quality("hit-s-ffhq256").measured == ()


def test_published_numbers_are_of_the_same_generator_alone() -> None:
    _, plan, _ = networks_of("hit-s-ffhq256")
    assert quality_of("copy.yaml", plan, None) == quality("hit-s-ffhq256")
    other = networks_of("hit-b-ffhq256")[1]
    assert quality_of("copy.yaml", replace(other, name=plan.name), None) == Quality()


@pytest.mark.parametrize(("name", "known"), [("fid", "fid"), ("inception_score", "is")])
def test_evaluation_in_a_run_speaks_for_its_checkpoint(model, tmp_path: Path, name: str, known: str) -> None:
    checkpoint = tmp_path / "run" / "checkpoints" / "step-00000005"
    checkpoint.parent.mkdir(parents=True)
    model.rename(checkpoint)
    (tmp_path / "run" / "run.json").write_text(json.dumps({"name": "run"}))
    keep_report(checkpoint, report(name, 12.5))
    (number,) = quality(str(checkpoint)).measured
    assert (number.metric, number.value) == (known, 12.5)
    assert number.protocol == "1,000 samples, seeds 0-999, against 500 of photos"


@pytest.mark.parametrize("text", ["", "[]", '{"scores": [3]}', '{"scores": [{"name": "fid", "value": "low"}]}'])
def test_evaluation_beside_a_published_model_speaks_unless_it_is_damaged(model, text: str) -> None:
    (model / "evaluation.json").write_text(json.dumps(report("kid", 0.25)))
    assert [number.value for number in quality(str(model)).measured] == [0.25]
    (model / "evaluation.json").write_text(text)
    assert quality(str(model)) == Quality()
