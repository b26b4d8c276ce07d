"""A frozen network that a model is built on, as specs, records and cards name it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hitzoo.backbones.weights import VARIABLE, find_weights
from hitzoo.errors import WeightsError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.families.pretrained import caveat_of, pretrained_of, record_of, settled
from hitzoo.hub.model_card import CardFacts, Terms, body
from hitzoo.spec.types import Spec
from hitzoo.zoo.model_folder import config_of
from tests.backbones.fixtures import backbone, random_backbone
from tests.backbones.random_weights import NAME
from tests.support import TINY_HIT

__all__ = ["backbone", "random_backbone"]


def projected(*overrides: str) -> Spec:
    return parse_spec(TINY_HIT, "tiny", ["discriminator={family: projected, input_size: 32}", *overrides])


def card_of(spec: Spec) -> str:
    score = {"name": "efficientnet_frechet", "value": 12.0, "protocol": {}}
    facts = CardFacts(repo_id="me/x", spec=spec, plan=compile_spec(spec), terms=Terms(license="mit"), scores=[score])
    return body(facts)


def test_settled_spec_names_the_weights_of_this_machine(backbone: Path) -> None:
    spec = settled(projected(), pytest.fail)
    sha256 = find_weights(NAME).sha256
    assert spec.discriminator.weights == sha256
    assert settled(spec, pytest.fail) == spec
    assert compile_spec(spec).generator_hash == compile_spec(projected()).generator_hash
    known = pretrained_of(spec)
    assert (known.name, known.license, known.sha256) == (NAME, "apache-2.0", sha256)
    assert config_of(spec, compile_spec(spec))["pretrained"]["discriminator"]["sha256"] == sha256


def test_other_discriminators_are_built_on_nothing() -> None:
    spec = parse_spec(TINY_HIT, "tiny")
    assert settled(spec, pytest.fail) is spec
    assert pretrained_of(spec) is None
    assert record_of(spec) == {}
    assert caveat_of(spec) == ""
    assert "pretrained" not in config_of(spec, compile_spec(spec))
    assert "flatters" not in card_of(spec)


def test_other_weights_than_the_spec_names_are_refused(backbone: Path) -> None:
    with pytest.raises(WeightsError, match=f"than are wanted.*give the file that has them with {VARIABLE}"):
        settled(projected(f"discriminator.weights={'ab' * 32}"), pytest.fail)


def test_card_names_hash_and_licence_and_warns(backbone: Path) -> None:
    spec = settled(projected(), pytest.fail)
    text = card_of(spec)
    assert f"{NAME}, frozen, trained on ImageNet (sha256 `{spec.discriminator.weights}`, licence apache-2.0)" in text
    assert "it is no part of this model" in text
    assert "(fid, kid, pr, efficientnet_frechet) flatters this model." in text
