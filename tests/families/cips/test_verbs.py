"""A tiny CIPS from training to published files, and its images on canvases of any size."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from hitzoo.errors import RequestError
from hitzoo.families.compile import compile_generator
from hitzoo.families.load import parse_spec
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.load import load
from tests.conftest import Run
from tests.families.cips.variables import TINY, filled, latents, tiny


@pytest.fixture(scope="module")
def generator() -> Generator:
    """One with noise, so that a wrong pixel of it shows."""
    spec = parse_spec(TINY)
    return Generator(spec, compile_generator(spec), filled(tiny(), noise=True), torch.device("cpu"))


def silent() -> Generator:
    spec = parse_spec(TINY)
    return Generator(spec, compile_generator(spec), filled(tiny()), torch.device("cpu"))


@pytest.fixture
def trained(tmp_path: Path, run: Run) -> Path:
    spec = tmp_path / "tiny.yaml"
    spec.write_text(TINY, encoding="utf-8")
    run("train", spec, "--out", "run", "--checkpoint-every", 2)
    return tmp_path / "run"


def test_a_run_is_sampled_and_published(trained: Path, run: Run) -> None:
    run("sample", "--model", trained, "--seeds", "0-4", "--npy", "all.npy", "--batch-size", 5)
    run("sample", "--model", trained, "--seeds", "3", "--npy", "one.npy", "--optimized")
    np.testing.assert_allclose(np.load("one.npy")[0], np.load("all.npy")[3], atol=1e-5)
    run("publish", trained, "you/tiny", "--license", "mit", "--dry-run", "--out", "published")
    assert np.array_equal(load(Path("published")).sample(seeds=[3]).raw, load(trained).sample(seeds=[3]).raw)


@pytest.mark.exhaustive
def test_a_run_is_exported(trained: Path, run: Run) -> None:
    """Every export is compared with the model before it is written."""
    said = run("export", "--model", trained, "--out", "tiny.pt2").stdout
    assert "latents [batch, 7] -> images [batch, 3, 8, 8]" in said
    run("export", "--model", trained, "--out", "tiny.onnx")


def test_steps_compute_pairs_again(trained: Path, run: Run) -> None:
    again = ("--set", "training.activation_checkpointing=all", "--steps", 2)
    run("train", "tiny.yaml", "--out", "again", *again)
    kept, recomputed = (load(name).module.state_dict() for name in (trained, Path("again")))
    for name, weight in kept.items():
        torch.testing.assert_close(recomputed[name], weight, rtol=1e-4, atol=1e-5)


def test_smaller_sizes_are_refused(run: Run) -> None:
    Path("tiny.yaml").write_text(TINY, encoding="utf-8")
    assert (
        "a generator of the family cips has no smaller ones" in run("bench", "resolution", "tiny.yaml", code=2).stderr
    )


@pytest.mark.parametrize("region", [(0, 0, 8, 8), (3, 2, 4, 5), (7, 7, 1, 1), (0, 6, 8, 1)])
@pytest.mark.parametrize("tile", [1, 3, 1024])
def test_region_is_part_of_the_image(generator: Generator, region: tuple[int, int, int, int], tile: int) -> None:
    left, top, width, height = region
    whole = generator.sample(seeds=[3, 4]).raw[:, top : top + height, left : left + width]
    part = generator.render(seeds=[3, 4], region=region, tile=tile).raw
    np.testing.assert_allclose(part, whole, atol=2e-5)


@pytest.mark.parametrize("side", [2, 5, 8, 31])
def test_region_of_any_canvas_is_part_of_it(generator: Generator, side: int) -> None:
    whole = generator.render(seeds=[3], size=side).raw
    assert whole.shape == (1, side, side, 3)
    left, top = side // 3, side // 2
    part = generator.render(seeds=[3], size=side, region=(left, top, side - left, side - top), tile=4).raw
    np.testing.assert_allclose(part, whole[:, top:, left:], atol=2e-5)


def test_canvas_has_the_same_picture() -> None:
    """Where pixels of two canvases have the same coordinates, images without noise agree; 15 is 8 with one between."""
    model = silent()
    z = latents(model.plan).numpy()
    small, large = model.sample(latents=z).raw, model.render(latents=z, size=15).raw
    np.testing.assert_allclose(large[:, ::2, ::2], small, atol=2e-4)


def test_native_size_is_the_image(generator: Generator) -> None:
    same = generator.render(seeds=[3], size=8).raw
    np.testing.assert_allclose(same, generator.sample(seeds=[3]).raw, atol=2e-5)


def test_size_from_the_command_line(trained: Path, run: Run) -> None:
    run("render", "--model", trained, "--seed", 3, "--size", 20, "--region", "5,7,10,3", "--npy", "part.npy")
    expected = load(trained).render(seeds=[3], size=20).raw[0, 7:10, 5:15]
    np.testing.assert_allclose(np.load("part.npy"), expected, atol=2e-5)
    said = run("render", "--model", trained, "--seed", 3, "--size", 20).stdout
    assert said.strip().endswith("-seed0003-size-20.png")
    assert "region 0,0,21,20 leaves the image, which has 20×20 pixels" in (
        run("render", "--model", trained, "--size", 20, "--region", "0,0,21,20", code=2).stderr
    )


def test_sizes_that_will_not_do(generator: Generator) -> None:
    for size in (1, 0, 1 << 17):
        with pytest.raises(RequestError, match=rf"--size {size}: give 2 to 65536 pixels"):
            generator.render(size=size)
    with pytest.raises(RequestError, match="--level 8 and --size 9: give one of them"):
        generator.render(size=9, level=8)


def test_other_families_have_one_size(run: Run) -> None:
    said = run("render", "hit-ti-shapes32", "--size", 64, code=2).stderr
    assert "--size 64: the images of a generator of the family hit have a fixed size, here 32×32" in said


def test_truncation_moves_styles_to_their_mean() -> None:
    model = silent()
    full, half, none = (model.render(seeds=[3, 4], truncation=psi).raw for psi in (1.0, 0.5, 1e-6))
    assert np.abs(full[0] - full[1]).mean() > 1.2 * np.abs(half[0] - half[1]).mean() > 0.01
    np.testing.assert_allclose(model.sample(seeds=[3, 4], truncation=0.5).raw, half, atol=2e-5)
    np.testing.assert_allclose(none[0], none[1], atol=1e-4)


def test_table_of_parts(run: Run) -> None:
    Path("tiny.yaml").write_text(TINY, encoding="utf-8")
    report = json.loads(run("build", "tiny.yaml", "--json").stdout)
    assert report["generator"]["parameters"] == sum(weight.numel() for weight in filled(tiny()).parameters())
