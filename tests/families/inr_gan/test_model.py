"""INR-GAN against a slow reference, against the published code's images, and in parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hitzoo.errors import RequestError, SpecError
from hitzoo.families.compile import compile_generator, compile_spec
from hitzoo.families.fold import fold
from hitzoo.families.load import load_spec, parse_spec
from hitzoo.fold.kernels import kernels_for, plain_kernels
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.load import load
from tests.conftest import Run
from tests.families.inr_gan.reference import image_of
from tests.families.inr_gan.variables import TINY, filled, latents, published, tiny
from tests.plan.test_activations import check_plan
from tests.plan.test_modules import check

GOLDEN = Path(__file__).with_name("golden") / "sub8.npz"


def model(*overrides: str) -> Generator:
    spec = parse_spec(TINY, overrides=overrides)
    return Generator(spec, compile_generator(spec), filled(tiny(*overrides)), torch.device("cpu"))


def test_agrees_with_the_reference() -> None:
    plan = tiny()
    z = latents(plan)
    with torch.no_grad():
        images = filled(plan)(z).numpy()
    for image, own in zip(images, z.numpy(), strict=True):
        np.testing.assert_allclose(image, image_of(published(plan), own, plan.generator), atol=2e-5)


def test_bilinear_maps_are_divided_by_their_deviation() -> None:
    network = filled(tiny("generator.upsample=bilinear"))
    x = torch.randn(2, 16, 5)
    for stage, normed in zip(network.stage_list(), (False, True, True, True), strict=True):
        assert torch.equal(stage.normed(x, 0), x)
        expected = x / (x.var(dim=1, keepdim=True).sqrt() + 1e-8) if normed else x
        torch.testing.assert_close(stage.normed(x, 1), expected)


@pytest.mark.parametrize("how", ["nearest", "bilinear"])
def test_fold_makes_the_same_images(how: str) -> None:
    plan = tiny(f"generator.upsample={how}")
    network, z = filled(plan), latents(plan)
    with torch.inference_mode():
        expected = network(z)
        for kernels in (kernels_for(torch.float32, torch.device("cpu")), plain_kernels()):
            torch.testing.assert_close(fold(network, kernels)(z), expected, rtol=1e-5, atol=1e-5)
        rounded = fold(network, plain_kernels(torch.bfloat16))(z)
    assert float((rounded - expected).square().mean().sqrt()) < 0.03 * float(expected.std())


@pytest.mark.parametrize("region", [(0, 0, 16, 16), (5, 3, 7, 9), (15, 15, 1, 1), (0, 12, 16, 3)])
@pytest.mark.parametrize("tile", [1, 6, 1024])
def test_region_is_part_of_the_image(region: tuple[int, int, int, int], tile: int) -> None:
    generator = model()
    left, top, width, height = region
    whole = generator.sample(seeds=[3, 4]).raw[:, top : top + height, left : left + width]
    np.testing.assert_allclose(generator.render(seeds=[3, 4], region=region, tile=tile).raw, whole, atol=2e-5)


def test_level_is_the_image_of_a_coarser_stage() -> None:
    generator, network = model(), filled(tiny())
    x = image = None
    w = network.mapping(torch.from_numpy(generator.sample(seeds=[3]).latents))
    for stage in network.stage_list()[:3]:
        x, image = stage(x, image, w)
    assert image is not None
    np.testing.assert_allclose(generator.render(seeds=[3], level=8).raw, image.detach().numpy(), atol=2e-5)


def test_what_cannot_be_rendered_says_why() -> None:
    with pytest.raises(RequestError, match="maps grow bilinearly and are normed as a whole: no part of its images"):
        model("generator.upsample=bilinear").render(region=(0, 0, 2, 2))
    with pytest.raises(RequestError, match="a generator of the family inr_gan have a fixed size, here 16×16"):
        model().render(size=20)


def test_truncation_is_towards_the_stored_mean() -> None:
    generator = model()
    z = latents(generator.plan).numpy()
    found = generator.sample(latents=z, truncation=0.7).raw
    mapping, stages = generator.module.mapping, generator.module.stages
    w = torch.lerp(mapping.mean, mapping.styles(torch.from_numpy(z)), 0.7)
    x = image = None
    for stage in stages:
        x, image = stage(x, image, w)
    assert image is not None
    np.testing.assert_allclose(found, image.detach().numpy(), atol=2e-5)


def test_random_directions_are_stored_and_not_trained() -> None:
    network = filled(tiny())
    assert "stages.2.coordinates.random" in network.state_dict()
    assert "stages.2.coordinates.random" not in dict(network.named_parameters())


@pytest.mark.parametrize("how", ["nearest", "bilinear"])
def test_plan_counts_what_there_is(how: str) -> None:
    wide = "generator.stages[3]={channels: 24, upsample: true}"
    plan = tiny(f"generator.upsample={how}", wide)
    check(plan)
    check_plan(plan, "cpu", ("mapping", "stages.0", "stages.1", "stages.2"))


def test_first_stage_is_given_something() -> None:
    with pytest.raises(SpecError, match="the first stage is given nothing to make an image of"):
        tiny("generator.stages[0]={channels: 4}")


def test_verbs(run: Run, tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    run("train", "tiny.yaml", "--out", "run", "--checkpoint-every", 2)
    run("sample", "--model", "run", "--seeds", "0-4", "--npy", "all.npy", "--batch-size", 5)
    run("sample", "--model", "run", "--seeds", "3", "--npy", "one.npy", "--optimized")
    np.testing.assert_allclose(np.load("one.npy")[0], np.load("all.npy")[3], atol=1e-5)
    run("publish", "run", "you/tiny", "--license", "mit", "--dry-run", "--out", "published")
    assert np.array_equal(load(Path("published")).sample(seeds=[3]).raw, load("run").sample(seeds=[3]).raw)


def test_published_weights_convert(run: Run, tmp_path: Path) -> None:
    plan = tiny()
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    torch.save({"G_ema": published(plan)}, "all.pt")  # noqa: TID251 - as that code does
    np.save("z.npy", latents(plan).numpy())
    said = run("convert", "--from", "inr-gan", "all.pt", "--spec", "tiny.yaml", "--out", "model").stdout
    assert "non-commercial" in said
    run("sample", "--model", "model", "--latents", "z.npy", "--npy", "out.npy")
    with torch.no_grad():
        expected = filled(plan)(latents(plan)).permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(np.load("out.npy"), expected, atol=1e-5)


@pytest.mark.exhaustive
def test_export(run: Run, tmp_path: Path) -> None:
    """Every export is compared with the model before it is written."""
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    run("build", "tiny.yaml", "--out", "model")
    run("export", "--model", "model", "--out", "tiny.pt2")


@pytest.mark.exhaustive
def test_golden() -> None:
    """Every eighth pixel of the published network's first image, computed there in float64, by one set of weights."""
    plan = compile_spec(load_spec("inr-gan-ffhq256"))
    network, golden = filled(plan), np.load(GOLDEN)
    for how, psi in (("nearest", 1.0), ("nearest", 0.7), ("bilinear", 1.0)):
        network.mapping.truncate(psi, latents)  # type: ignore[arg-type] # a mean is stored
        for stage in network.stage_list():
            stage.grown = how
        with torch.inference_mode():
            image = network(latents(plan)[:1]).double().numpy()[:, :, ::8, ::8]
        difference = image - golden[f"{how} {psi}"]
        assert np.abs(difference).max() <= 2e-5
        assert np.sqrt((difference**2).mean()) <= 1e-5
