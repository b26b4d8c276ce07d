"""Whatever range a network works in, images come in [-1, 1], and training sees the network's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from hitzoo.errors import SpecError
from hitzoo.export.trace import traced
from hitzoo.families.compile import compile_generator, compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.hub.model_card import CardFacts, Terms, body
from hitzoo.layers.pixel_range import to_unit
from hitzoo.plan.model import ModelPlan
from hitzoo.sampling.create import create_model
from hitzoo.sampling.generator import Generator
from hitzoo.spec.types import Spec
from tests.conftest import Run
from tests.support import TINY_HIT

IMAGENET = TINY_HIT + "data: {range: imagenet}\n"


def made(text: str) -> Generator:
    model = create_model(parse_spec(text), device="cpu")
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.3)
    return model


def test_samples_are_brought_to_unit() -> None:
    plain, imagenet = made(TINY_HIT), made(IMAGENET)
    z = torch.randn(2, 6, generator=torch.Generator().manual_seed(0))
    expected = to_unit(plain.module(z), "imagenet")
    assert not torch.allclose(expected, plain(z))
    torch.testing.assert_close(imagenet(z), expected)
    torch.testing.assert_close(imagenet.fast()(z), expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(traced(imagenet).module()(z), expected, rtol=1e-4, atol=1e-4)


def test_rendered_pixels_are_brought_to_unit() -> None:
    model = made(IMAGENET)
    np.testing.assert_allclose(model.render([3]).raw, model.sample([3]).raw, rtol=1e-5)


def test_range_is_no_part_of_the_network() -> None:
    plans = [compile_spec(parse_spec(text)) for text in (TINY_HIT, IMAGENET)]
    assert plans[0].generator_hash == plans[1].generator_hash
    assert [plan.pixel_range for plan in plans] == ["unit", "imagenet"]


@pytest.mark.parametrize("compiled", [compile_spec, compile_generator])
def test_range_needs_three_channels(compiled: Callable[[Spec], ModelPlan]) -> None:
    with pytest.raises(SpecError, match="the range imagenet is one of 3 channels, not of 1"):
        compiled(parse_spec(TINY_HIT + "data: {range: imagenet, channels: 1}\n"))


def test_model_and_card_name_their_range(tmp_path: Path, run: Run) -> None:
    for text, words in ((IMAGENET, "computed in the range imagenet, given in [-1, 1]"), (TINY_HIT, "")):
        model = made(text)
        model.save_pretrained(tmp_path / model.plan.pixel_range)
        said = run("info", str(tmp_path / model.plan.pixel_range)).stdout
        facts = CardFacts(repo_id="me/x", spec=model.spec, plan=model.plan, terms=Terms(license="mit"))
        assert (words in said) if words else ("in the range" not in said)
        assert ("in the range `imagenet` inside, given in [-1, 1]" in body(facts)) == bool(words)
    assert "computed in the range imagenet" in run("info", "stylenat-ffhq256").stdout


def test_saved_model_keeps_its_range(tmp_path: Path) -> None:
    model = made(IMAGENET)
    model.save_pretrained(tmp_path / "model")
    again = Generator.from_pretrained(tmp_path / "model", device="cpu")
    np.testing.assert_allclose(again.sample([0]).raw, model.sample([0]).raw, rtol=1e-6)
