"""`hitzoo convert --from stylegan2`: files of both codes in, the network's images out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hitzoo.families.build import build_discriminator, build_generator
from hitzoo.zoo.weights import read_metadata, read_tensors
from tests.conftest import Run
from tests.families.golden_recipe import Scales, filled, published
from tests.families.stylegan2_generator.variables import DISCRIMINATOR, GENERATOR, TINY, tiny, variables

FROM = ("convert", "--from", "stylegan2", "--spec", "tiny.yaml", "--out", "model")
ADA: Scales = {
    **{f"mapping.fc{index}.weight": (0.0, 100.0) for index in range(2)},
    "affine.bias": (1.0, 0.1),
    "noise_strength": (0.3, 0.1),
    "bias": (0.0, 0.1),
    "": (0.0, 1.0),
}


@pytest.fixture(autouse=True)
def _spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(TINY, encoding="utf-8")


def check_images(run: Run, code: str, scales: Scales, *options: str, truncated: bool = False) -> None:
    z = np.random.default_rng(0).standard_normal((3, 6)).astype(np.float32)
    np.save("z.npy", z)
    run("sample", "--model", "model", "--latents", "z.npy", "--npy", "out.npy", "--force", *options)
    network = filled(build_generator(tiny()), variables(tiny(), code=code), scales)
    if truncated:
        network.mapping.mean.copy_(torch.linspace(-1, 1, 5))
        network.mapping.truncate(0.6, lambda width: pytest.fail("the file has a mean"))
    with torch.inference_mode():
        expected = network(torch.from_numpy(np.pad(z, ((0, 0), (0, 1)))))
    np.testing.assert_allclose(np.load("out.npy"), expected.permute(0, 2, 3, 1).numpy(), rtol=1e-5, atol=1e-5)


def test_checkpoint_with_both_networks_and_a_mean_style(run: Run) -> None:
    generator, critic = (
        published(variables(tiny()), GENERATOR),
        published(variables(tiny(), "discriminator"), DISCRIMINATOR),
    )
    mean = torch.linspace(-1, 1, 5)
    torch.save({"g_ema": generator, "d": critic, "latent_avg": mean}, "all.pt")  # noqa: TID251 - as that code does
    said = run(*FROM, "all.pt", "--with-discriminator").stdout
    assert "the generator from g_ema" in said
    assert read_metadata(Path("model/model.safetensors"))["source"] == "rosinality/stylegan2-pytorch"
    assert torch.equal(read_tensors(Path("model/model.safetensors"))["mapping.mean"], mean)
    check_images(run, "stylegan2", GENERATOR)
    check_images(run, "stylegan2", GENERATOR, "--truncation", "0.6", truncated=True)
    own = filled(build_discriminator(tiny()), variables(tiny(), "discriminator"), DISCRIMINATOR).state_dict()
    stored = read_tensors(next(Path("model").rglob("discriminator.safetensors")))
    assert own.keys() == stored.keys()
    assert all(torch.equal(own[name], stored[name]) for name in own)


def test_arrays_by_nvidias_names(run: Run) -> None:
    """The file's own names decide between the two codes; its filters and stored noise are of no use."""
    arrays = {
        f"G_ema.{name}": tensor.numpy()
        for name, tensor in published(variables(tiny(), code="stylegan2-ada"), ADA).items()
    }
    np.savez("ada.npz", **arrays)  # type: ignore[arg-type]
    said = run(*FROM, "ada.npz").stdout
    assert "note: NVIDIA's code" in said
    check_images(run, "stylegan2-ada", ADA)


def test_both_codes_name_every_weight() -> None:
    for plan in (tiny(), tiny("generator.noise=constant"), tiny("generator.noise=none")):
        for role, build in (("generator", build_generator), ("discriminator", build_discriminator)):
            stored = build(plan).state_dict().keys()
            for code in ("stylegan2", "stylegan2-ada"):
                named = [one.ours for one in variables(plan, role, code) if one.ours]
                assert len(named) == len(set(named))
                assert set(named) == stored, (role, code)


def test_image_without_a_mean_in_the_file_is_truncated_towards_that_of_latents(run: Run) -> None:
    state = published(variables(tiny()), GENERATOR)
    torch.save(state, "g.pt")  # noqa: TID251 - as that code does
    run(*FROM, "g.pt")
    run("sample", "--model", "model", "--seeds", "3", "--npy", "whole.npy")
    run("sample", "--model", "model", "--seeds", "3", "--npy", "half.npy", "--truncation", "0.5")
    run("sample", "--model", "model", "--seeds", "2,3", "--npy", "again.npy", "--truncation", "0.5")
    whole, half, again = (np.load(name) for name in ("whole.npy", "half.npy", "again.npy"))
    assert np.abs(whole - half).max() > 0.1
    np.testing.assert_allclose(half[0], again[1], rtol=1e-5, atol=1e-5)
