"""Chosen classes: the same latent in another class, and what is said where there is none such."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from hitzoo.errors import OutputError, RequestError
from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.plan.ports import Labels, Latent, NoiseKey, Port
from hitzoo.sampling.classes import classes_of_rows, parse_classes, with_classes
from hitzoo.sampling.gallery import SampleRequest, make_images
from hitzoo.sampling.gallery_names import image_names
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.grid import Layout
from hitzoo.sampling.latents import as_latents, latents_of_seeds
from hitzoo.sampling.picture_file import read_facts
from tests.families.r3gan.variables import TINY
from tests.support import fill

PORTS = (Latent(4), NoiseKey(), Labels(10))
LABELLED = Layout(rows=2, columns=2, labels=True)


@pytest.fixture
def conditional() -> Generator:
    """16×16 pixels of 3 classes, and latents of 6 numbers."""
    spec = parse_spec(TINY, "tiny")
    plan = compile_spec(spec)
    return Generator(spec, plan, fill(build_generator(plan), scale=0.4), torch.device("cpu"))


@pytest.mark.parametrize("count", [1, 2, 3, 10, 1000, 20_000])
def test_number_in_a_row_stands_for_its_class(count: int) -> None:
    ports = (Latent(1), Labels(count))
    wanted = np.random.RandomState(0).permutation(count)
    rows = with_classes(np.zeros((count, 2), np.float32), wanted.tolist(), ports)
    assert classes_of_rows(rows, ports) == wanted.tolist()
    assert classes_of_rows(rows, (Latent(2),)) is None


def test_latent_and_noise_stay_in_another_class() -> None:
    drawn = latents_of_seeds(range(5), 6)
    before = drawn.copy()
    rows = with_classes(drawn, [7], PORTS)
    assert np.array_equal(rows[:, :5], drawn[:, :5])
    assert classes_of_rows(rows, PORTS) == [7] * 5
    assert np.array_equal(drawn, before)


def test_classes_are_gone_through_by_image() -> None:
    drawn = latents_of_seeds(range(5), 6)
    assert classes_of_rows(with_classes(drawn, [9, 0, 4], PORTS), PORTS) == [9, 0, 4, 9, 0]
    every = with_classes(drawn[3:4], [9, 0, 4], PORTS)
    assert classes_of_rows(every, PORTS) == [9, 0, 4]
    assert np.array_equal(every[:, :5], drawn[[3, 3, 3], :5])
    assert with_classes(drawn[:0], [3], PORTS).shape == (0, 6)
    with pytest.raises(RequestError, match="6 classes for 5 images; give as many or fewer"):
        with_classes(drawn, list(range(6)), PORTS)


def test_chosen_class_is_that_of_the_network(conditional: Generator) -> None:
    z = latents_of_seeds([4, 5], 7)[:, :6]
    found = conditional.sample([4, 5], classes=[2, 0], output="pt")
    with torch.inference_mode():
        expected = conditional.module.synthesis(torch.from_numpy(z), torch.tensor([2, 0]))
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    for latents in (z, np.pad(z, ((0, 0), (0, 1)))):
        again = conditional.sample(latents=latents, classes=(2, 0), output="pt")
        torch.testing.assert_close(again, found, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "classes",
    [1, np.int64(1), torch.tensor(1), [1], np.array([1]), iter([1])],
    ids=["int", "integer of NumPy", "tensor", "list", "array", "iterator"],
)
def test_one_class_is_that_of_all_images(conditional: Generator, classes: object) -> None:
    samples = conditional.sample(range(3), classes=classes)  # type: ignore[call-overload]
    assert classes_of_rows(samples.latents, conditional.plan.generator.takes) == [1, 1, 1]


def test_one_seed_makes_an_image_of_each_class(conditional: Generator) -> None:
    raw = conditional.sample(classes=range(3)).raw
    assert len(raw) == 3
    assert min(np.abs(raw[0] - raw[1]).max(), np.abs(raw[1] - raw[2]).max()) > 0.01


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        (3, "class 3 is out of range; tiny-r3gan has 3 classes, 0 to 2"),
        ([0, -1], "class -1 is out of range"),
        ([], "there are none"),
        ("1", "classes '1': give a class or several"),
        (1.0, "classes 1.0: give a class or several"),
        ([[0, 1]], "give a class or several"),
    ],
)
def test_what_is_no_class_is_refused(conditional: Generator, classes: object, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        conditional.sample([0, 1], classes=classes)  # type: ignore[call-overload]


def test_generator_without_classes_refuses_one(tiny_generator: Callable[..., Generator]) -> None:
    with pytest.raises(RequestError, match="tiny has no classes to choose from: its generator, of the family hit"):
        tiny_generator().sample(classes=0)


def test_latents_without_a_class_need_one(conditional: Generator) -> None:
    with pytest.raises(RequestError, match=r"shape \(2, 6\); the model wants \(N, 7\), or \(N, 6\) with classes="):
        conditional.sample(latents=np.zeros((2, 6)))
    with pytest.raises(RequestError, match=r"shape \(2, 5\)"):
        conditional.sample(latents=np.zeros((2, 5)), classes=0)


@pytest.mark.parametrize(
    ("ports", "width"), [(PORTS, 4), (PORTS, 5), (PORTS, 6), ((Labels(10), Latent(4)), 4)], ids=str
)
def test_latents_are_completed_for_classes(ports: tuple[Port, ...], width: int) -> None:
    whole = sum(port.numbers for port in ports)  # type: ignore[union-attr]
    given = 1 + np.arange(2.0 * width).reshape(2, width)
    rows = as_latents(given, whole, ports, classes_follow=True)
    assert rows.shape == (2, whole)
    assert [row[row != 0].tolist() for row in rows] == given.tolist()
    assert classes_of_rows(with_classes(rows, [3], ports), ports) == [3, 3]


def test_classes_as_they_are_written() -> None:
    assert parse_classes("0-3, 12") == [0, 1, 2, 3, 12]
    with pytest.raises(RequestError, match="--classes cat: 'cat' is neither a class nor a range; write for example 3"):
        parse_classes("cat")
    with pytest.raises(RequestError, match=r"class 9+… is out of range; classes are 0 to"):
        parse_classes("9" * 5000)


def test_names_of_pictures_hold_chosen_classes() -> None:
    assert image_names("seed", [7, 8, 9], None, 0) == ["seed0007", "seed0008", "seed0009"]
    assert image_names("seed", [7, 8, 9], [0, 42], 1000) == [
        "seed0007-class000",
        "seed0008-class042",
        "seed0009-class000",
    ]
    assert image_names("latent", [0], [3], 10) == ["latent0000-class3"]


def test_pictures_say_their_classes(conditional: Generator, tmp_path: Path) -> None:
    def wanted(classes: list[int] | None, names: list[str], folder: Path) -> SampleRequest:
        rows = latents_of_seeds(range(4), 7)
        rows = rows if classes is None else with_classes(rows, classes, conditional.plan.generator.takes)
        return SampleRequest(latents=rows, names=names, seeds=range(4), folder=folder, grid=LABELLED)

    names = [f"seed{seed:04d}" for seed in range(4)]
    make_images(conditional, wanted(None, names, tmp_path))
    drawn = classes_of_rows(latents_of_seeds(range(4), 7), conditional.plan.generator.takes)
    assert [int(read_facts(tmp_path / f"{name}.png")["hitzoo:class"]) for name in names] == drawn
    assert drawn is not None
    make_images(conditional, wanted(drawn, names, tmp_path))  # the same pictures
    other = [(number + 1) % 3 for number in drawn]
    with pytest.raises(OutputError, match=r"seed0000\.png exists already, made with other class"):
        make_images(conditional, wanted(other, names, tmp_path))
    make_images(conditional, wanted([2, 1], names, tmp_path / "chosen"))
    page = tmp_path / "chosen" / "grid.png"
    assert read_facts(page)["hitzoo:classes"] == "2,1-2,1"
    with Image.open(page) as picture:
        assert picture.size == LABELLED.size(16, ["0 class 2"])  # wider than seeds alone


def test_pictures_of_a_class_are_ours(conditional: Generator, tmp_path: Path) -> None:
    """Those of another model are not mixed with them."""
    rows = latents_of_seeds([0], 7)
    make_images(conditional, SampleRequest(latents=rows, names=["seed0000-class1"], seeds=[0], folder=tmp_path))
    with torch.no_grad():
        conditional.module.to_image.weight.add_(1)
    with pytest.raises(OutputError, match=r"seed0000-class1\.png exists already, made with other weights"):
        make_images(conditional, SampleRequest(latents=rows, names=["seed0001"], seeds=[1], folder=tmp_path))
