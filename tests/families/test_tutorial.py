"""The families of docs/families.md, which come from an installed package, do all that hitzoo's own do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from hitzoo.errors import SpecError
from hitzoo.families.build import build
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec, parse_spec
from hitzoo.sampling.load import load
from tests.conftest import Run
from tests.families.tutorial import installed, shown_files


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Path]:
    """The spec of the page, with its package installed."""
    path = tmp_path / "toy.yaml"
    path.write_text(shown_files()["toy.yaml"])
    with installed(tmp_path / "site-packages"):
        yield path


@pytest.fixture
def trained(toy: Path, run: Run, tmp_path: Path) -> Path:
    run("train", toy, "--out", "runs/toy", "--checkpoint-every", 2)
    return tmp_path / "runs" / "toy"


def test_page_shows_one_file_per_row_of_its_table(toy: Path) -> None:
    for role in ("generator", "discriminator"):
        for name in ("spec.py", "schema.json", "plan.py", "model.py", "family.py"):
            assert f"toy_families/{role}/{name}" in shown_files()


def test_toy_spec_is_checked_and_explained(toy: Path, run: Run) -> None:
    assert "20×20" in run("check", toy).stdout
    assert "From the package toy-families 0.1.0" in run("explain", "generator").stdout
    assert "Width of the hidden layers." in run("explain", "generator.width").stdout


def test_toy_problem_stands_at_its_line(toy: Path, run: Run) -> None:
    said = run("check", toy, "--set", "generator.width=3", code=2).stderr
    assert "generator.width" in said
    assert "a width of 3 is odd" in said
    with pytest.raises(SpecError, match=r"images have a side of 20, not the wanted 32\n  change the generator"):
        compile_spec(parse_spec(toy.read_text(), overrides=["data.resolution=32"]))


def test_toy_rows_count_the_parameters_of_the_modules(toy: Path, run: Run) -> None:
    report = json.loads(run("build", toy, "--json").stdout)
    assert report["families"] == {"generator": "toy", "discriminator": "toy"}
    for network, part in zip(build(compile_spec(load_spec(toy))), ("generator", "discriminator"), strict=True):
        assert report[part]["parameters"] == sum(weight.numel() for weight in network.parameters())


def test_toy_run_resumes_to_the_same_weights(trained: Path, toy: Path, run: Run) -> None:
    run("train", toy, "--out", "runs/cut", "--steps", 2, "--checkpoint-every", 2)
    run("train", "--resume", "runs/cut", "--steps", 4)
    whole, cut = (load(trained.parent / name).module.state_dict() for name in ("toy", "cut"))
    assert all(torch.equal(whole[name], cut[name]) for name in whole)


def test_toy_seed_is_one_image_alone_and_in_any_batch(trained: Path, run: Run, tmp_path: Path) -> None:
    run("sample", "--model", trained, "--seeds", "0-6", "--npy", "all.npy", "--batch-size", 7)
    run("sample", "--model", trained, "--seeds", "5", "--npy", "alone.npy")
    together, alone = np.load(tmp_path / "all.npy"), np.load(tmp_path / "alone.npy")
    assert together.shape == (7, 20, 20, 3)
    np.testing.assert_allclose(together[5], alone[0], atol=1e-6)


def test_toy_noise_is_of_the_seed_and_not_truncated(trained: Path) -> None:
    generator = load(trained)
    row = generator.sample(seeds=[3]).latents
    assert row.shape == (1, 16 + 20 * 20)
    assert np.array_equal(row[0], np.random.RandomState(3).standard_normal(16 + 400).astype(np.float32))
    half = generator.sample(seeds=[3], truncation=0.5).latents
    assert np.array_equal(half[:, :16], row[:, :16] / 2)
    assert np.array_equal(half[:, 16:], row[:, 16:])
    other = row.copy()
    other[:, 16:] = np.random.RandomState(4).standard_normal((1, 400))
    assert np.abs(generator.sample(latents=other).raw - generator.sample(latents=row).raw).max() > 1e-3


def test_toy_optimized_network_makes_the_same_images(trained: Path) -> None:
    generator = load(trained)
    plain, fast = generator.sample(seeds=range(3)), generator.fast().sample(seeds=range(3))
    np.testing.assert_allclose(fast.raw, plain.raw, atol=1e-6)
    rounded = generator.fast("bfloat16")
    assert np.abs(rounded.sample(seeds=range(3)).raw - plain.raw).max() < 0.1
    assert generator.sample(seeds=range(3)).raw.dtype == np.float32
    assert next(generator.module.parameters()).dtype == torch.float32


def test_toy_render_says_why_not(trained: Path, run: Run) -> None:
    said = run("render", "--model", trained, "--seed", 0, "--region", "0,0,4,4", "--out", "part.png", code=2).stderr
    assert "a generator of the family toy computes whole images only; `hitzoo sample` makes the image" in said


def test_toy_is_exported_with_its_noise(trained: Path, run: Run) -> None:
    said = run("export", "--model", trained, "--out", "toy.pt2").stdout
    assert "latents [batch, 416] -> images [batch, 3, 20, 20]" in said


def test_toy_steps_compute_parts_again(toy: Path, run: Run, trained: Path) -> None:
    run("train", toy, "--out", "runs/again", "--set", "training.activation_checkpointing=[20]", "--steps", 4)
    kept, again = (load(trained.parent / name).module.state_dict() for name in ("toy", "again"))
    for name, weight in kept.items():
        torch.testing.assert_close(again[name], weight, rtol=1e-4, atol=1e-5)
    with pytest.raises(SpecError, match=r"no stage or block has a resolution of 10\n  possible: 20"):
        compile_spec(parse_spec(toy.read_text(), overrides=["training.activation_checkpointing=[10]"]))


def test_toy_has_no_roofline_and_no_smaller_sizes(toy: Path, run: Run) -> None:
    assert "the family toy does not count the bytes it moves" in run("bench", "roofline", toy, code=2).stderr
    assert "a generator of the family toy has no smaller ones" in run("bench", "resolution", toy, code=2).stderr


def test_toy_meets_the_discriminator_of_hitzoo(toy: Path) -> None:
    text = toy.read_text().replace("discriminator: {family: toy}", "discriminator: {family: stylegan2}")
    with pytest.raises(SpecError, match="a side of 20 cannot be halved down to 4") as caught:
        compile_spec(parse_spec(text))
    assert "(change the generator)" in str(caught.value)
    assert compile_spec(parse_spec(text, overrides=["generator.size=8"])).resolution == 8


def test_model_of_a_missing_package_says_which_family(tmp_path: Path, run: Run) -> None:
    spec = tmp_path / "toy.yaml"
    spec.write_text(shown_files()["toy.yaml"])
    with installed(tmp_path / "site-packages"):
        run("build", spec, "--out", "model")
    said = run("sample", "--model", "model", "--seeds", "0", code=2).stderr
    assert '"toy" is not one of: hit, convnet' in said
    assert "the model names the package toy-families 0.1.0 for it; hitzoo installs nothing by itself" in said
