"""Style mixing: from a place on, images take the style of another seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hitzoo.errors import RequestError
from hitzoo.families.load import parse_spec
from hitzoo.sampling.create import create_model
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.style_mixing import Mix, check_mix, parse_mix
from tests.conftest import Run
from tests.families.stylegan2_generator.variables import TINY as TINY_STYLEGAN2
from tests.families.styleswin.variables import TINY
from tests.support import TINY_HIT, shaken_model


@pytest.fixture(scope="module")
def model() -> Generator:
    """Blocks at four places."""
    return shaken_model(TINY)


def test_mixed_images_have_both_styles(model: Generator) -> None:
    """Each block sees the style that its place says; the rest of the network is as ever."""
    seen: list[torch.Tensor] = []
    network = model.module
    hooks = [
        block.register_forward_pre_hook(lambda module, given: seen.append(given[1]))
        for stage in network.stages
        for block in stage.blocks
    ]
    with model.mixing(7, place=3):
        mixed = model.sample([0, 1]).raw
    for hook in hooks:
        hook.remove()
    styles = {seed: network.mapping(torch.from_numpy(model.sample([seed]).latents)) for seed in (0, 1, 7)}
    own = torch.cat([styles[0], styles[1]])
    for place, w in enumerate(seen):
        torch.testing.assert_close(w, styles[7].expand(2, -1) if place == 3 else own)
    assert len(seen) == model.plan.generator.styles == 4
    plain = model.sample([0, 1]).raw
    assert not np.allclose(mixed, plain, atol=1e-3)


@pytest.mark.parametrize("text", [TINY, TINY_STYLEGAN2], ids=["styleswin", "stylegan2"])
@pytest.mark.parametrize("place", [1, 2, 3])
def test_optimized_network_mixes_too(text: str, place: int) -> None:
    model = shaken_model(text)
    fast, plain = model.fast(), model.sample([0]).raw
    with model.mixing(7, place=place):
        expected = model.sample([0]).raw
    assert not np.allclose(expected, plain, atol=1e-3)
    with fast.mixing(7, place=place):
        np.testing.assert_allclose(fast.sample([0]).raw, expected, atol=1e-5)
    np.testing.assert_allclose(fast.sample([0]).raw, plain, atol=1e-5)


@pytest.mark.parametrize(("text", "place"), [(TINY, 0), (TINY, 4), (TINY_HIT, 1)])
def test_impossible_place_is_refused(text: str, place: int) -> None:
    plan = create_model(parse_spec(text), device="cpu").plan.generator
    words = "a place of 1 to 3" if text == TINY else "of the family hit has no styles by place"
    with pytest.raises(RequestError, match=words):
        check_mix(Mix(7, place), plan)


@pytest.mark.parametrize("words", ["7", "7@", "@3", "-1@3", "7@3@2", "seven@3"])
def test_other_words_are_refused(words: str) -> None:
    assert parse_mix("7@3") == Mix(7, 3)
    with pytest.raises(RequestError, match="write SEED@PLACE"):
        parse_mix(words)


def test_pictures_say_what_was_mixed(run: Run, model: Generator, tmp_path: Path, monkeypatch) -> None:
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    model.save_pretrained("model")
    words = ("sample", "--model", "model", "--seeds", "0", "--mix", "7@1")
    run(*words)
    (picture,) = Path("samples").rglob("seed0000.png")
    assert picture.parent.name.endswith("-mix-7-1")
    with Image.open(picture) as image:
        assert image.info["hitzoo:mix"] == "7@1"
    with model.mixing(7, place=1):
        assert np.array_equal(np.asarray(Image.open(picture)), model.sample([0]).pixels[0])
