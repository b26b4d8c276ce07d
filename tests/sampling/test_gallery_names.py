"""Pictures of two models, or made in two ways, never lie in one folder; the same ones may be made again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from hitzoo.errors import OutputError
from hitzoo.sampling.facts import as_ranges
from hitzoo.sampling.gallery import SampleRequest, make_images
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.grid import Layout
from hitzoo.sampling.latents import latents_of_seeds
from hitzoo.sampling.picture_file import read_facts

GRID = Layout(rows=2, columns=2)


def order(folder: Path, numbers: range = range(4), **changes: object) -> SampleRequest:
    names = [f"seed{number:04d}" for number in numbers]
    made = SampleRequest(latents=latents_of_seeds(numbers, 6), names=names, seeds=list(numbers), folder=folder)
    return replace(made, **changes)  # type: ignore[arg-type]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def one(tiny_generator: Callable[..., Generator]) -> Generator:
    return tiny_generator()


@pytest.fixture
def other(tiny_generator: Callable[..., Generator]) -> Generator:
    """Of the same plan, with other weights."""
    generator = tiny_generator()
    with torch.no_grad():
        next(iter(generator.module.state_dict().values())).add_(0.125)
    return generator


@pytest.mark.parametrize("format", ["png", "jpg", "webp"])
def test_same_pictures_are_made_again_without_a_word(one: Generator, tmp_path: Path, format: str) -> None:
    wanted = order(tmp_path, grid=GRID, format=format)
    written = make_images(one, wanted)
    before = contents(tmp_path)
    assert make_images(one, wanted) == written
    assert contents(tmp_path) == before
    assert make_images(one, order(tmp_path, range(4, 6), format=format))


@pytest.mark.parametrize("numbers", [range(4), range(2, 3), range(10, 12)], ids=["same names", "one of them", "beside"])
def test_pictures_of_another_model_are_refused(
    one: Generator, other: Generator, tmp_path: Path, numbers: range
) -> None:
    make_images(one, order(tmp_path))
    before = contents(tmp_path)
    with pytest.raises(OutputError, match=r"seed000\d\.png exists already, made with other weights \(.*--force"):
        make_images(other, order(tmp_path, numbers))
    assert contents(tmp_path) == before


def test_force_leaves_pictures_of_one_model(one: Generator, other: Generator, tmp_path: Path) -> None:
    make_images(one, order(tmp_path, grid=GRID))
    Image.new("RGB", (8, 8)).save(tmp_path / "mine.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "seed9999.png")
    make_images(other, order(tmp_path, range(2), force=True))
    assert sorted(contents(tmp_path)) == ["mine.png", "seed0000.png", "seed0001.png", "seed9999.png"]
    assert read_facts(tmp_path / "seed0000.png")["hitzoo:weights"] == other.weights


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"truncation": 0.5}, r"other truncation \(1\.0, not 0\.5\)"),
        (
            {"grid": Layout(rows=2, columns=2, padding=0)},
            r"grid\.png exists already, made with other padding \(2, not 0\)",
        ),
        ({"grid": Layout(rows=2, columns=2, labels=True)}, r"grid\.png exists already, made with other labels"),
        ({"scale": 2, "grid": None}, r"seed0000\.png exists already, and does not say of which scale it is"),
    ],
)
def test_pictures_made_otherwise_are_refused(
    one: Generator, tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    make_images(one, order(tmp_path, grid=GRID))
    before = contents(tmp_path)
    with pytest.raises(OutputError, match=said):
        make_images(one, order(tmp_path, **({"grid": GRID} | changes)))
    assert contents(tmp_path) == before
    make_images(one, order(tmp_path, **({"grid": GRID, "force": True} | changes)))
    assert contents(tmp_path) != before


def test_optimized_path_is_another_making(one: Generator, tmp_path: Path) -> None:
    make_images(one, order(tmp_path))
    with pytest.raises(OutputError, match=r"made with other path \(plain, not optimized\)"):
        make_images(one.fast(), order(tmp_path, range(9, 10)))


def test_latents_are_told_apart(one: Generator, tmp_path: Path) -> None:
    z = np.random.default_rng(0).standard_normal((2, 6)).astype(np.float32)
    names = ["latent0000", "latent0001"]
    make_images(one, SampleRequest(latents=z, names=names, folder=tmp_path))
    make_images(one, SampleRequest(latents=z, names=names, folder=tmp_path))
    with pytest.raises(OutputError, match=r"latent0000\.png exists already, made with other latent"):
        make_images(one, SampleRequest(latents=z + 1, names=names, folder=tmp_path))


def test_picture_of_nobody_knows_is_not_replaced(one: Generator, tmp_path: Path) -> None:
    (tmp_path / "seed0001.png").write_text("mine")
    with pytest.raises(OutputError, match=r"seed0001\.png exists already, and does not record its origin"):
        make_images(one, order(tmp_path))
    assert contents(tmp_path) == {"seed0001.png": b"mine"}


def test_numbers_of_another_model_are_refused_at_the_first_batch(
    one: Generator, other: Generator, tmp_path: Path
) -> None:
    path = tmp_path / "z.npy"
    wanted = replace(order(tmp_path, npy=path), folder=None)
    make_images(one, wanted)
    before = path.read_bytes()
    make_images(one, wanted)
    done: list[int] = []
    with pytest.raises(OutputError, match=r"z\.npy exists already, with other content"):
        make_images(other, replace(wanted, batch_size=1), done.append)
    assert done == []
    assert path.read_bytes() == before


def test_seeds_as_ranges() -> None:
    assert as_ranges([0, 1, 2, 40, 7, 8, 8]) == "0-2,40,7-8,8"
    assert as_ranges([5]) == "5"
