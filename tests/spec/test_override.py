"""`--set path=value`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hitzoo.errors import RequestError, SpecError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.spec.override import Overrides, override_words
from hitzoo.spec.types import R1Spec
from tests.support import TINY_HIT


def test_values_are_set_and_read_by_the_rules_of_the_file(tiny_text: str) -> None:
    spec = parse_spec(
        tiny_text,
        overrides=[
            "training.batch_size=32",
            "generator.stages[1].heads=4",
            "generator.stages.0.depth=3",
            "training.regularizers=[{kind: r1, weight: 1e-1}]",
            "training.ema.decay = 0.5",
            "summary=a=b",
        ],
    )
    assert spec.training.batch_size == 32
    assert [stage.heads for stage in spec.generator.stages] == [2, 4, 2]
    assert [stage.depth for stage in spec.generator.stages] == [3, 1, 1]
    assert spec.training.regularizers == (R1Spec(weight=0.1),)
    assert spec.training.ema.decay == 0.5
    assert spec.summary == "a=b"


def test_the_last_of_two_wins_and_nothing_else_moves(tiny_text: str) -> None:
    spec = parse_spec(tiny_text, overrides=["training.steps=8", "training.steps=9"])
    assert spec == parse_spec(tiny_text.replace("steps: 4", "steps: 9"))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "data.chanels=1",
            "tiny.yaml  data.chanels\n  unknown key 'chanels'\n  did you mean 'channels'?; allowed: channels, crop, "
            "crop_fraction, flip, on_error, range, resolution, source; set by --set data.chanels=1",
        ),
        (
            "generator.stages[0].attention=multi-axis",
            'tiny.yaml  generator.stages[0].attention\n  "multi-axis" is not one of: '
            "multi_axis, regional, dilated, interleaved, axial, global, none\n"
            "  did you mean 'multi_axis'?; set by --set generator.stages[0].attention=multi-axis",
        ),
        (
            "training.steps=",
            "tiny.yaml  training.steps\n  null is not a whole number\n  set by --set training.steps=",
        ),
        (
            "data={chanels: 1}",
            "tiny.yaml  data.chanels\n  unknown key 'chanels'\n  did you mean 'channels'?; allowed: channels, crop, "
            "crop_fraction, flip, on_error, range, resolution, source; set by --set data={chanels: 1}",
        ),
    ],
)
def test_a_wrong_value_is_said_to_be_set(tiny_text: str, override: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(tiny_text, "tiny.yaml", [override])
    assert str(caught.value) == message


def test_a_size_that_does_not_fit_is_said_to_be_set_too(tiny_text: str) -> None:
    with pytest.raises(SpecError) as caught:
        compile_spec(parse_spec(tiny_text, "tiny.yaml", ["generator.stages[1].heads=3"]))
    assert str(caught.value) == (
        "tiny.yaml  generator.stages[1].heads\n  3 heads do not divide 16 channels\n"
        "  possible: 2, 4, 8, 16; set by --set generator.stages[1].heads=3"
    )


@pytest.mark.parametrize(
    ("override", "reason"),
    [
        ("training.batch_size", "write path=value, for example --set training.batch_size=32"),
        ("=3", "write path=value, for example --set training.batch_size=32"),
        ("generator.stages[-1].heads=2", "write path=value, for example --set training.batch_size=32"),
        ("a b=2", "write path=value, for example --set training.batch_size=32"),
        (
            "generator.stages[3].heads=2",
            "generator.stages is a list of 3; its entries are generator.stages[0] to generator.stages[2]",
        ),
        (
            "generator.stages.heads=2",
            "generator.stages is a list of 3; its entries are generator.stages[0] to generator.stages[2]",
        ),
        ("name.first=x", "name is a single value, so 'first' cannot be set in it"),
        ("generator[0]=1", "generator has no entries by number; name a key"),
        ("[0]=1", "the spec has no entries by number; name a key"),
        ("data.crop_fraction=.nan", ".nan is not a finite number"),
        ("data={flip: true, flip: false}", "the key 'flip' stands here twice (first in line 1)"),
        ("data={", "not valid YAML: did not find expected node content"),
    ],
)
def test_what_cannot_be_set(tiny_text: str, override: str, reason: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_spec(tiny_text, overrides=[override])
    assert caught.value.as_option == f"--set {override}: {reason}"
    assert str(caught.value) == f"override {override!r}: {reason.replace('--set ', '')}"


def test_a_missing_section_is_made(tiny_text: str) -> None:
    text = tiny_text.replace("data: {source: synthetic, resolution: 32}\n", "")
    assert parse_spec(text, overrides=["data.crop=random"]).data.crop == "random"


def test_the_text_itself_is_not_touched(tiny_text: str) -> None:
    from hitzoo.spec.document import read_document
    from hitzoo.spec.override import apply_overrides

    document = read_document(tiny_text, "tiny.yaml")
    changed, _ = apply_overrides(document.data, document.places, ["generator.stages[0].heads=8"], {})
    assert changed["generator"]["stages"][0]["heads"] == 8
    assert document.data["generator"]["stages"][0]["heads"] == 2


def test_a_section_that_the_document_leaves_out_can_be_set_into() -> None:
    overrides = ["training.optimizer.learning_rate=2e-4", "discriminator.minibatch_std=4"]
    spec = parse_spec(WITHOUT_SECTIONS, overrides=overrides)
    assert spec.training.optimizer.learning_rate == 2e-4
    assert spec.discriminator.minibatch_std == 4


WITHOUT_SECTIONS = """
hitzoo: 1
name: short
generator: {family: hit, stages: [{channels: 8, depth: 1, heads: 2}]}
"""


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ("training.steps=2", ["training.steps=2"]),
        (("a=1", "b=2"), ["a=1", "b=2"]),
        ({"training.steps": 2, "data.source": "photos"}, ["training.steps=2", 'data.source="photos"']),
        ({"a": None, "b": True, "c": (1, 2)}, ["a=null", "b=true", "c=[1, 2]"]),
        ({"a": Path("photos"), "b": np.float32(0.5)}, ['a="photos"', "b=0.5"]),
    ],
)
def test_overrides_as_words(overrides: Overrides, words: list[str]) -> None:
    assert override_words(overrides) == words


@pytest.mark.parametrize("overrides", [3, [3], {"a": object()}])
def test_overrides_that_are_no_words_are_refused(overrides: Any) -> None:
    with pytest.raises(RequestError, match=r"^overrides "):
        override_words(overrides)


@pytest.mark.parametrize("rate", [0.25, 1e-05, 2e-4])
def test_override_by_mapping_has_the_value_itself(rate: float) -> None:
    spec = parse_spec(TINY_HIT, overrides={"training.optimizer.learning_rate": rate, "name": "other"})
    assert (spec.training.optimizer.learning_rate, spec.name) == (rate, "other")
