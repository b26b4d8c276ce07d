"""Files of the published codes become models: both layouts of StyleNAT's, with what is recomputed left out."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hitzoo.errors import WeightsError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.plan.model import ModelPlan
from hitzoo.sampling.generator import Generator
from hitzoo.zoo.convert_state_dict import from_state_dicts, recognise
from hitzoo.zoo.model_layout import DISCRIMINATOR_NAME
from hitzoo.zoo.state_dict_source import StateDicts
from tests.conftest import Run
from tests.families.styleswin.variables import TINY, filled, variables

CRITIC = "discriminator: {family: wavelet, spectral_norm: true, channels: [4, 4]}\n"
SWIN = f"{TINY}{CRITIC}training: {{batch_size: 4}}\ndata: {{range: imagenet}}\n"
NEAR = "{pattern: neighborhood, size: 7, bias: true}"
NAT = f"""
hitzoo: 1
name: tiny
generator:
  family: styleswin
  latent_dim: 10
  style_dim: 12
  mapping_layers: 2
  mlp_expansion: 2
  stages:
    - {{channels: 8, depth: 1, attention: [{{pattern: global, bias: true}}]}}
    - {{channels: 8, depth: 1, attention: [{NEAR}]}}
    - {{channels: 8, depth: 1, attention: [{NEAR}, {NEAR[:-1]}, dilation: 2}}]}}
{CRITIC}training: {{batch_size: 4}}
data: {{range: imagenet}}
"""


def published(plan: ModelPlan, code: str) -> dict[str, torch.Tensor]:
    """The averaged generator as the newer code saves it, with buffers that say nothing."""
    _, weights = filled(plan, origin=code)
    buffers = [one.theirs for one in variables(plan, "generator", code) if not one.ours]
    forms = [one.theirs for one in variables(plan, "generator", code) if one.form]
    return {k: v for k, v in weights.items() if k not in forms} | {k: torch.full((2,), torch.nan) for k in buffers}


def in_old_layout(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """StyleNAT's older names: two groups everywhere but at 4×4."""
    old: dict[str, torch.Tensor] = {}
    for name, tensor in state.items():
        stem, dot, place = name.rpartition(".rpb.")
        if not dot:
            old[name] = tensor
        elif f"{stem}.rpb.1" in state:
            old[f"{stem}.rpb{place}"] = tensor
        else:
            old[f"{stem}.rpb0"], old[f"{stem}.rpb1"] = tensor.chunk(2)
    return old


def source(state: dict[str, torch.Tensor]) -> StateDicts:
    return StateDicts({"g_ema": state}, {}, ())


def test_both_layouts_of_stylenat_are_the_same_model() -> None:
    plan = compile_spec(parse_spec(NAT))
    state = published(plan, "stylenat")
    new = from_state_dicts(source(state), plan, "stylenat").generator
    old = from_state_dicts(source(in_old_layout(state)), plan, "stylenat").generator
    assert new.keys() == old.keys()
    assert all(torch.equal(new[name], old[name]) for name in new)


def test_biases_of_stylenat_are_turned_around() -> None:
    plan = compile_spec(parse_spec(NAT))
    state = published(plan, "stylenat")
    table = from_state_dicts(source(state), plan, "stylenat").generator["stages.0.blocks.0.attention.groups.0.table"]
    theirs = state["layers.0.blocks.0.attn.rpb"]  # [h, 7, 7] by key minus query, ours by query minus key
    for dy, dx in ((-3, 2), (0, 0), (1, -2)):
        assert torch.equal(table[(dy + 3) * 7 + dx + 3], theirs[:, -dy + 3, -dx + 3])


def test_missing_bias_is_named() -> None:
    plan = compile_spec(parse_spec(NAT))
    state = published(plan, "stylenat")
    del state["layers.2.blocks.0.attn.rpb.1"]
    with pytest.raises(WeightsError, match=r"layers\.2\.blocks\.0\.attn\.rpb\.1"):
        from_state_dicts(source(state), plan, "stylenat")


def test_data_set_follows_from_the_name_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the specs of this network and another; all that are shipped take longer."""
    shipped = ["stylenat-ffhq256", "styleswin-celebahq256", "styleswin-church256", "styleswin-ffhq256"]
    monkeypatch.setattr("hitzoo.zoo.convert_state_dict.shipped_specs", lambda: shipped)
    shapes = {
        one.theirs: torch.empty(one.shape, device="meta")
        for one in variables(compile_spec(parse_spec(SPEC_256)), "generator", "styleswin")
        if one.ours
    }
    assert recognise(source(shapes), "styleswin", "FFHQ_256.pt") == ["styleswin-ffhq256"]
    assert recognise(source(shapes), "styleswin", "LSUNChurch_256.pt") == ["styleswin-church256"]
    assert recognise(source(shapes), "styleswin", "CelebA-HQ_256.pt") == ["styleswin-celebahq256"]
    assert recognise(source(shapes), "styleswin", "940000.pt")[0] == "styleswin-ffhq256"
    assert len(recognise(source(shapes), "styleswin", "940000.pt")) == 3
    with pytest.raises(WeightsError, match="they are those of microsoft/StyleSwin: --from styleswin"):
        recognise(source(shapes), "stylenat")


SPEC_256 = "hitzoo: 1\nname: x\ngenerator:\n  family: styleswin\n  stages:\n" + "".join(
    f"    - {{channels: {width}}}\n" for width in (512, 512, 512, 512, 512, 256, 128)
)


@pytest.mark.parametrize("spectral", [True, False])
def test_checkpoint_converts_with_its_discriminator_and_its_range(
    spectral: bool, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The discriminator's form follows from the file, whatever the spec says."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(SWIN, encoding="utf-8")
    plan = compile_spec(parse_spec(SWIN if spectral else SWIN.replace("spectral_norm: true", "spectral_norm: false")))
    critic = {one.theirs: torch.ones(one.shape) for one in variables(plan, "discriminator") if one.ours}
    content: dict[str, Any] = {"g": {}, "g_ema": published(plan, "styleswin"), "d": critic, "args": Namespace(size=16)}
    torch.save(content, "FFHQ_16.pt")  # noqa: TID251 - as that code does
    words = ("--spec", "tiny.yaml", "--out", "model", "--with-discriminator")
    said = run("convert", "--from", "styleswin", "FFHQ_16.pt", *words).stdout
    assert "variables used" in said
    assert ("note: the file's discriminator has spectral_norm: false" in said) == (not spectral)
    model = Generator.from_pretrained("model", device="cpu")
    assert model.spec.discriminator.spectral_norm is spectral
    network, _ = filled(plan)
    z = torch.from_numpy(np.random.default_rng(1).standard_normal((2, 10)).astype(np.float32))
    with torch.no_grad():
        raw = network(z)
    scale, shift = torch.tensor([0.229, 0.224, 0.225]), torch.tensor([0.485, 0.456, 0.406])
    expected = 2 * (raw * scale[:, None, None] + shift[:, None, None]) - 1
    np.testing.assert_allclose(model(z), expected, atol=1e-5)
    assert (Path("model") / DISCRIMINATOR_NAME).is_file()


def test_discriminator_of_another_form_is_refused_with_the_way_on() -> None:
    plan = compile_spec(parse_spec(SWIN))
    plain = compile_spec(parse_spec(SWIN.replace("spectral_norm: true", "spectral_norm: false")))
    critic = {one.theirs: torch.ones(one.shape) for one in variables(plain, "discriminator") if one.ours}
    found = StateDicts({"g_ema": published(plan, "styleswin"), "d": critic}, {}, ())
    with pytest.raises(WeightsError, match="give --spec FILE whose section `discriminator` describes this one"):
        from_state_dicts(found, plan, "styleswin", with_discriminator=True)
    assert from_state_dicts(found, plain, "styleswin", with_discriminator=True).discriminator
