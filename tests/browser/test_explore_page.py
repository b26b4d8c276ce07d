"""`hitzoo explore` in a browser: a hand moves, the picture follows, and it is Python's."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from PIL import Image

import hitzoo
from hitzoo.explore.about import about
from hitzoo.explore.pictures import Pictures
from hitzoo.explore.server import PageServer
from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.latents import latents_of_seeds
from hitzoo.sampling.picture_file import facts_of
from hitzoo.sampling.pictures import to_uint8
from tests.browser.explored import CLOSE, Explored, mean_difference
from tests.browser.file_server import serving
from tests.browser.visit import Visit
from tests.families.r3gan.variables import TINY as R3GAN
from tests.sampling.test_stages import HIT, generator_of
from tests.support import fill

MODEL = "hit-ti-shapes32"
CIPS = """
  {family: cips, latent_dim: 4, style_dim: 8, mapping_layers: 2, resolution: 16, fourier_features: 8, embedding: 8,
   channels: [8, 8]}
"""


@pytest.fixture(scope="module")
def generator() -> Generator:
    return hitzoo.load(MODEL, device="cpu")


def conditional() -> Generator:
    spec = parse_spec(R3GAN, "tiny")
    plan = compile_spec(spec)
    return Generator(spec, plan, fill(build_generator(plan), 0.4).eval(), torch.device("cpu"))


@contextmanager
def page_of(generator: Generator, model: str = MODEL) -> Iterator[str]:
    quick = generator.fast()
    with serving(PageServer(Pictures(generator, quick), about(generator, quick, model), 0)) as address:
        yield address


@pytest.fixture
def address(generator: Generator, socket_enabled: None) -> Iterator[str]:
    with page_of(generator) as address:
        yield address


def test_page_shows_the_picture_of_its_first_seed(visit: Visit, address: str, generator: Generator) -> None:
    explored = Explored(visit, address)
    wanted = to_uint8(generator.sample(seeds=[3]).raw[0])
    assert mean_difference(explored.pixels(), wanted) < CLOSE
    assert explored.page.locator("#command").inner_text() == f"hitzoo sample --model {MODEL} --seeds 3 --optimized"
    assert visit.serious_findings() == []


def test_drag_changes_the_picture_to_that_of_its_latent(visit: Visit, address: str, generator: Generator) -> None:
    explored = Explored(visit, address)
    before = explored.pixels()
    explored.drag(0.5, 0.4)
    row = explored.row()
    shown = explored.pixels()
    assert mean_difference(shown, before) > 5
    assert mean_difference(shown, to_uint8(generator.sample(latents=row).raw[0])) < CLOSE
    corners = latents_of_seeds([3, 14, 15, 92], 64)
    across, down = 0.5, 0.4
    shares = np.array([(1 - across) * (1 - down), across * (1 - down), (1 - across) * down, across * down])
    mixed = shares @ corners / np.linalg.norm(shares)
    np.testing.assert_allclose(row[0], mixed, atol=0.05)  # a pixel of the field is less than half a hundredth


def test_arrow_keys_move_and_keep_the_norm(visit: Visit, address: str) -> None:
    explored = Explored(visit, address)
    explored.page.focus("#pad")
    before = explored.count
    for _ in range(25):
        explored.page.keyboard.press("ArrowRight")
    explored.wait_for_count(before)
    assert explored.page.get_attribute("#pad", "aria-valuetext") == "50 % to the right, 0 % down"
    explored.page.wait_for_timeout(100)
    first, second = latents_of_seeds([3, 14], 64)
    np.testing.assert_allclose(explored.row()[0], (first + second) / np.sqrt(2), atol=1e-6)


def test_latents_of_seeds_are_pythons_to_the_last_bit(visit: Visit, address: str) -> None:
    Explored(visit, address)
    seeds = [0, 1, 7, 12345, 2**31, 2**32 - 1, *range(100, 300)]
    found = visit.page.evaluate(
        "async seeds => { const { rowOfSeed } = await import('/latents.js');"
        " return seeds.map(seed => [...rowOfSeed(seed, 700)]); }",
        seeds,
    )
    np.testing.assert_array_equal(np.asarray(found, dtype=np.float32), latents_of_seeds(seeds, 700))


def test_zoom_shows_the_rendered_region(visit: Visit, address: str, generator: Generator) -> None:
    explored = Explored(visit, address)
    before = explored.count
    explored.page.click("#zoom-in")
    explored.wait_for_count(before)
    shown = explored.pixels()
    assert shown.shape == (16, 16, 3)
    whole = to_uint8(generator.sample(seeds=[3]).raw[0])
    assert mean_difference(shown, whole[8:24, 8:24]) < CLOSE
    command = explored.page.locator("#command").inner_text()
    assert command == f"hitzoo render --model {MODEL} --seed 3 --region 8,8,16,16"


def test_truncation_scales_the_latent(visit: Visit, address: str, generator: Generator) -> None:
    explored = Explored(visit, address)
    before = explored.count
    explored.page.fill("#truncation", "0.5")
    explored.wait_for_count(before)
    explored.page.wait_for_timeout(100)
    wanted = to_uint8(generator.sample(seeds=[3], truncation=0.5).raw[0])
    assert mean_difference(explored.pixels(), wanted) < CLOSE
    assert "--truncation 0.5" in explored.page.locator("#command").inner_text()


def test_saved_picture_says_how_it_was_made(visit: Visit, address: str, generator: Generator) -> None:
    explored = Explored(visit, address)
    with explored.page.expect_download() as saved:
        explored.page.click("#save-picture")
    assert saved.value.suggested_filename == f"{MODEL}-seed0003.png"
    with Image.open(io.BytesIO(saved.value.path().read_bytes())) as picture:
        facts = facts_of(picture)
    assert (facts["hitzoo:seed"], facts["hitzoo:weights"]) == ("3", generator.weights)


def test_address_brings_back_what_was_chosen(visit: Visit, address: str) -> None:
    explored = Explored(visit, f"{address}#seeds=5,6,7,8&at=1,1&truncation=0.7")
    assert explored.page.input_value("#seed-3") == "8"
    assert explored.page.locator("#command").inner_text().endswith("--seeds 8 --truncation 0.7 --optimized")
    explored.page.fill("#seed-3", "-1")
    explored.page.press("#seed-3", "Enter")
    assert explored.page.input_value("#seed-3") == "8"


@pytest.mark.parametrize(("width", "scheme"), [(400, "light"), (1200, "dark")])
def test_page_is_for_everybody(visit: Visit, address: str, width: int, scheme: str) -> None:
    visit.page.set_viewport_size({"width": width, "height": 900})
    visit.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    Explored(visit, address)
    assert visit.serious_findings() == []
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


def test_stages_are_shown_with_what_they_add(visit: Visit, socket_enabled: None) -> None:
    with page_of(generator_of(HIT)) as address:
        explored = Explored(visit, address)
        explored.page.wait_for_selector("#stage-list li")
        assert explored.page.locator("#stage-list li").all_inner_texts() == ["8×8", "16×16"]
        assert visit.serious_findings() == []


def test_stages_are_left_out_where_there_is_one(visit: Visit, address: str) -> None:
    assert not Explored(visit, address).page.locator("#stages").is_visible()


def test_zoom_into_coordinates_computes_new_pixels(visit: Visit, socket_enabled: None) -> None:
    generator = generator_of(CIPS)
    with page_of(generator, "waves") as address:
        explored = Explored(visit, address)
        before = explored.count
        explored.page.click("#zoom-in")
        explored.wait_for_count(before)
        wanted = to_uint8(generator.render(seeds=[3], size=32, region=(8, 8, 16, 16)).raw[0])
        assert mean_difference(explored.pixels(), wanted) < CLOSE
        command = "hitzoo render --model waves --seed 3 --region 8,8,16,16 --size 32"
        assert explored.page.locator("#command").inner_text() == command


def test_chosen_class_is_that_of_the_picture(visit: Visit, socket_enabled: None) -> None:
    generator = conditional()
    with page_of(generator) as address:
        explored = Explored(visit, address)
        before = explored.count
        explored.page.select_option("#class", "2")
        explored.wait_for_count(before)
        explored.page.wait_for_timeout(100)
        wanted = to_uint8(generator.sample(seeds=[3], classes=2).raw[0])
        assert mean_difference(explored.pixels(), wanted) < CLOSE
        assert "--seeds 3 --classes 2" in explored.page.locator("#command").inner_text()
