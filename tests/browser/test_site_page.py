"""`hitzoo explore --export` in a browser: from a plain file server alone, and the picture is Python's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

import hitzoo
from hitzoo.explore.page_files import POLICY
from hitzoo.explore.site import SITE_FILES, export_site
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.pictures import to_uint8
from tests.browser.explored import CLOSE, Explored, mean_difference
from tests.browser.file_server import file_server
from tests.browser.visit import Visit

MODEL = "hit-ti-shapes32"
pytestmark = pytest.mark.browser  # the site alone takes seconds


@pytest.fixture(scope="module")
def generator() -> Generator:
    return hitzoo.load(MODEL, device="cpu")


@pytest.fixture(scope="module")
def site(generator: Generator, runtime: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnxruntime")
    return export_site(generator, tmp_path_factory.mktemp("site") / "site", runtime=runtime).folder


def test_site_follows_a_drag_with_pythons_picture(visit: Visit, site: Path, generator: Generator) -> None:
    with file_server(site, POLICY) as address:
        explored = Explored(visit, address)
        assert mean_difference(explored.pixels(), to_uint8(generator.sample(seeds=[3]).raw[0])) < CLOSE
        explored.drag(0.6, 0.3)
        row = explored.row()
        assert mean_difference(explored.pixels(), to_uint8(generator.sample(latents=row).raw[0])) < CLOSE
        before = explored.count
        explored.page.fill("#truncation", "0.5")
        explored.wait_for_count(before)
        explored.page.wait_for_timeout(100)
        wanted = to_uint8(generator.sample(latents=row, truncation=0.5).raw[0])
        assert mean_difference(explored.pixels(), wanted) < CLOSE
        assert visit.serious_findings() == []


def test_site_asks_for_its_own_files_alone(visit: Visit, site: Path) -> None:
    with file_server(site, POLICY) as address:
        explored = Explored(visit, address)
        assert "WebAssembly" in explored.page.locator("#facts").inner_text()
        asked = {url.removeprefix(address).partition("#")[0] for url in visit.requests}
    local = {name for name in asked if not name.startswith("data:")}
    have = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert local - {""} <= have
    assert not any("asyncify" in name for name in local)  # what WebGPU needs is left where there is none


def test_site_holds_the_page_the_network_and_a_readme(site: Path, generator: Generator) -> None:
    found = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert found == set(SITE_FILES)
    assert POLICY in (site / "index.html").read_text()
    said = json.loads((site / "about.json").read_text())
    assert (said["backend"], said["width"], said["resolution"]) == ("static", 64, 32)
    pixels = generator.sample(seeds=[0]).pixels[0].reshape(-1)
    assert pixels[said["check"]["places"]].tolist() == said["check"]["bytes"]
    front = yaml.safe_load((site / "README.md").read_text().split("---\n")[1])
    assert (front["sdk"], front["app_file"]) == ("static", "index.html")
