"""Styles given instead of latents: those of a latent make its image, in either network, truncated or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hitzoo.errors import RequestError
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.given_styles import given_styles, space_named, styles_of
from hitzoo.sampling.latent_file import Latents, read_latent_file, save_latents
from hitzoo.sampling.latents import latents_of_seeds
from tests.families.stylegan2_generator.variables import TINY as STYLEGAN2
from tests.families.styleswin.variables import TINY as STYLESWIN
from tests.support import shaken_model


@pytest.fixture(scope="module", params=[STYLESWIN, STYLEGAN2], ids=["styleswin", "stylegan2"])
def model(request: pytest.FixtureRequest) -> Generator:
    return shaken_model(request.param)


def styles(model: Generator, seeds: list[int]) -> np.ndarray:
    rows = torch.from_numpy(latents_of_seeds(seeds, model.plan.input_width))
    return styles_of(model.module, model.plan.generator, rows).numpy()


def silent(model: Generator, seeds: list[int]) -> np.ndarray:
    """Rows of these seeds without noise."""
    rows = latents_of_seeds(seeds, model.plan.input_width)
    rows[:, model.plan.latent_dim :] = 0
    return rows


def test_styles_of_a_latent_make_its_image(model: Generator) -> None:
    rows, other = silent(model, [3, 4]), silent(model, [7, 8])
    for network in (model, model.fast()):
        for truncation in (1.0, 0.6):
            expected = network.sample(latents=rows, truncation=truncation).raw
            found = Latents(other, styles(model, [3, 4])).sampled(network, truncation, 2).raw
            np.testing.assert_allclose(found, expected, atol=1e-5)
        assert np.abs(network.sample(latents=other).raw - network.sample(latents=rows).raw).max() > 1e-2


def test_style_by_place_is_as_mixing(model: Generator) -> None:
    places = model.plan.generator.styles
    given = styles(model, [3]).repeat(places, axis=1)
    given[:, 2:] = styles(model, [7])
    for network in (model, model.fast()):
        with network.mixing(7, place=2):
            expected = network.sample(latents=silent(model, [3])).raw
        found = Latents(silent(model, [3]), given).sampled(network, 1.0, 1).raw
        np.testing.assert_allclose(found, expected, atol=1e-5)
        assert np.abs(found - network.sample(latents=silent(model, [3])).raw).max() > 1e-3


def test_gradient_reaches_styles(model: Generator) -> None:
    given = torch.from_numpy(styles(model, [3])).requires_grad_()
    with given_styles(model.module, given):
        model(torch.from_numpy(silent(model, [3]))).square().sum().backward()
    assert given.grad is not None
    assert given.grad.abs().min() > 0


def test_file_keeps_styles(model: Generator, tmp_path: Path) -> None:
    kept = Latents(silent(model, [3, 4]), styles(model, [3, 4]))
    save_latents(tmp_path / "w.npz", kept, model, {})
    found = read_latent_file(tmp_path / "w.npz", model)
    assert found.styles is not None
    assert (found.identity == kept.identity).all()
    assert (found[1:].styles == kept.styles[1:]).all()  # type: ignore[index]
    save_latents(tmp_path / "x.npz", Latents(kept.rows, np.zeros((2, 3, 4), np.float32)), model, {})
    with pytest.raises(RequestError, match="the model wants"):
        read_latent_file(tmp_path / "x.npz", model)


def test_unknown_space_is_refused(model: Generator) -> None:
    assert space_named("W+", model.plan.generator, model.module) == "w+"
    with pytest.raises(RequestError, match=r"possible: z, w, w\+"):
        space_named("x", model.plan.generator, model.module)
