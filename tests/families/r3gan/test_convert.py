"""`hitzoo convert --from r3gan`: published tensors in, the network's images out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hitzoo.families.build import build_discriminator, build_generator
from hitzoo.zoo.weights import read_metadata, read_tensors
from tests.conftest import Run
from tests.families.golden_recipe import filled, published
from tests.families.r3gan.variables import TINY, rows, scales, tiny, variables


def test_arrays_of_both_networks(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(TINY, encoding="utf-8")
    plan, arrays = tiny(), {}
    for part, role in (("G_ema", "generator"), ("D", "discriminator")):
        known = variables(plan, role)  # type: ignore[arg-type]
        arrays |= {f"{part}.{name}": tensor.numpy() for name, tensor in published(known, scales(known)).items()}
    np.savez("r3gan.npz", **arrays)
    said = run(
        "convert", "--from", "r3gan", "r3gan.npz", "--spec", "tiny.yaml", "--out", "model", "--with-discriminator"
    )
    assert "no licence" in said.stdout
    assert read_metadata(Path("model/model.safetensors"))["source"] == "brownvc/R3GAN"
    given = rows(
        torch.from_numpy(np.random.default_rng(0).standard_normal((3, 6)).astype(np.float32)), torch.arange(3), 3
    )
    np.save("z.npy", given.numpy())
    run("sample", "--model", "model", "--latents", "z.npy", "--npy", "out.npy")
    np.save("latents.npy", given[:, :-1].numpy())
    run("sample", "--model", "model", "--latents", "latents.npy", "--classes", "0-2", "--npy", "chosen.npy")
    assert np.array_equal(np.load("chosen.npy"), np.load("out.npy"))
    own = variables(plan)
    with torch.inference_mode():
        expected = filled(build_generator(plan), own, scales(own))(given)
    np.testing.assert_allclose(np.load("out.npy"), expected.permute(0, 2, 3, 1).numpy(), rtol=1e-5, atol=1e-5)
    own = variables(plan, "discriminator")
    critic = filled(build_discriminator(plan), own, scales(own)).state_dict()
    stored = read_tensors(next(Path("model").rglob("discriminator.safetensors")))
    assert critic.keys() == stored.keys()
    assert all(torch.equal(critic[name], stored[name]) for name in critic)


@pytest.mark.parametrize("classes", [0, 3])
def test_every_weight_has_a_published_name(classes: int) -> None:
    plan = tiny(f"generator.classes={classes}", f"discriminator.classes={classes}")
    for role, build in (("generator", build_generator), ("discriminator", build_discriminator)):
        named = [one.ours for one in variables(plan, role) if one.ours]  # type: ignore[arg-type]
        assert sorted(named) == sorted(build(plan).state_dict())
