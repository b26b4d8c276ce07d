"""`hitzoo convert --from` of PyTorch code: published variables in, the published network's images out."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from hitzoo.errors import WeightsError
from hitzoo.families import official
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.families.official import Code, recomputed
from hitzoo.families.registry import family_of
from hitzoo.zoo.convert_state_dict import from_state_dicts, recognise
from hitzoo.zoo.state_dict_source import StateDicts
from hitzoo.zoo.weights import read_metadata
from tests.conftest import Run
from tests.families.cips.variables import TINY, filled, latents, published, tiny, variables, without_noise

FROM = ("convert", "--from", "cips", "--spec", "tiny.yaml", "--out", "model")


def save(path: str, content: Any) -> None:
    torch.save(content, path)  # noqa: TID251 - as that code does


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """The averaged generator of a tiny network; its spec is in the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(TINY, encoding="utf-8")
    return published(tiny())


def check_images(run: Run) -> None:
    plan = tiny()
    np.save("z.npy", latents(plan).numpy())
    run("sample", "--model", "model", "--latents", "z.npy", "--npy", "out.npy", "--force")
    with torch.no_grad():
        expected = filled(plan)(without_noise(plan, latents(plan)))
    np.testing.assert_allclose(np.load("out.npy"), expected.permute(0, 2, 3, 1).numpy(), atol=1e-5)


def test_average_of_a_checkpoint(run: Run, state: dict[str, torch.Tensor]) -> None:
    live = {f"module.{name}": tensor + 1 for name, tensor in state.items()}
    save("all.pt", {"g": live, "d": {"x": torch.ones(2)}, "g_ema": state, "args": Namespace(size=8), "g_optim": {}})
    said = run(*FROM, "all.pt").stdout
    assert "the generator from g_ema" in said
    for words in (f"{len(state)} variables used", "left out: g: ", "left out: d: 1 variables", "left out: args"):
        assert words in said
    check_images(run)
    assert read_metadata(Path("model/model.safetensors"))["source"] == "saic-mdal/CIPS"


def test_live_generator_on_demand(run: Run, state: dict[str, torch.Tensor]) -> None:
    save("all.pt", {"g_ema": {name: tensor + 1 for name, tensor in state.items()}, "state_dicts": {"g": state}})
    assert "the generator from g" in run(*FROM, "all.pt", "--which", "generator").stdout
    check_images(run)


@pytest.mark.parametrize("prefix", ["", "g_ema."])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors", ".npz"])
def test_other_files(run: Run, state: dict[str, torch.Tensor], prefix: str, suffix: str) -> None:
    tensors = {prefix + name: tensor for name, tensor in state.items()}
    if suffix == ".npz":
        np.savez("source.npz", **{name: tensor.numpy() for name, tensor in tensors.items()})  # type: ignore[arg-type]
    elif suffix == ".safetensors":
        save_file(tensors, "source.safetensors")
    else:
        save("source.pt", tensors)
    run(*FROM, f"source{suffix}")
    check_images(run)


@pytest.mark.parametrize("prefix", ["_orig_mod.", "module._orig_mod.", "_orig_mod.module."])
def test_prefixes_of_wrappers(run: Run, state: dict[str, torch.Tensor], prefix: str) -> None:
    save("all.pt", {"g_ema": {prefix + name: tensor for name, tensor in state.items()}})
    run(*FROM, "all.pt")
    check_images(run)


def test_arrays_of_words_and_of_other_byte_order(run: Run, state: dict[str, torch.Tensor]) -> None:
    arrays = {name: tensor.numpy().astype(">f4") for name, tensor in state.items()}
    np.savez("source.npz", **arrays, note=np.array("made by me"))  # type: ignore[arg-type]
    assert "left out: note" in run(*FROM, "source.npz").stdout
    check_images(run)


def test_buffers_of_sizes_are_made_anew(state: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch) -> None:
    plan, family = tiny(), family_of("generator", "cips")
    known = family.official["cips"]
    monkeypatch.setitem(family.official, "cips", lambda own: [*known(own), recomputed("kernel")])  # type: ignore[arg-type]
    plain = from_state_dicts(StateDicts({"g_ema": state}, {}, ()), plan, "cips").generator
    odd = {**state, "kernel": torch.tensor([float("nan")])}
    with_buffer = from_state_dicts(StateDicts({"g_ema": odd}, {}, ()), plan, "cips").generator
    assert plain.keys() == with_buffer.keys()
    assert all(torch.equal(plain[name], with_buffer[name]) for name in plain)


def test_a_published_network_is_known_by_its_shapes() -> None:
    plan = compile_spec(load_spec("cips-ffhq256"))
    shapes = {one.theirs: torch.empty(one.shape, device="meta") for one in variables(plan)}
    assert recognise(StateDicts({"g": shapes}, {}, ()), "cips") == ["cips-ffhq256"]
    shapes.pop("emb.input")
    with pytest.raises(WeightsError, match=r"no spec has a generator with these .* --spec .*cips-ffhq256") as caught:
        recognise(StateDicts({"g": shapes}, {}, ()), "cips")
    assert "nearest is cips-ffhq256:\n  emb.input 1×512×256×256 is missing" in str(caught.value)


def test_spec_that_another_is_derived_from_is_the_one_recognised() -> None:
    """stylegan2-ffhq256-full mixes styles in training, which no file shows."""
    plan = compile_spec(load_spec("stylegan2-ffhq256"))
    shapes = {
        one.theirs: torch.empty(one.shape, device="meta")
        for one in family_of("generator", "stylegan2").official["stylegan2"](plan.generator)
        if one.ours and not one.optional
    }
    assert recognise(StateDicts({"g_ema": shapes}, {}, ()), "stylegan2") == ["stylegan2-ffhq256"]


def test_code_that_a_source_is_of_is_named() -> None:
    plan = compile_spec(load_spec("cips-ffhq256"))
    shapes = {one.theirs: torch.empty(one.shape, device="meta") for one in variables(plan)}
    with pytest.raises(WeightsError, match=r"they are those of saic-mdal/CIPS: --from cips$"):
        recognise(StateDicts({"g": shapes}, {}, ()), "r3gan")
    with pytest.raises(WeightsError, match=r"no variable is one of brownvc/R3GAN's: x, …$"):
        recognise(StateDicts({"g": {"x": torch.ones(1)}}, {}, ()), "r3gan")


def test_terms_go_with_the_weights(run: Run, state: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(official, "CODES", {"cips": Code(repository="a/b", terms="research alone")})
    monkeypatch.setattr("hitzoo.zoo.convert_state_dict.CODES", official.CODES)
    save("all.pt", {"g_ema": state})
    assert "note: research alone" in run(*FROM, "all.pt").stdout
    assert read_metadata(Path("model/model.safetensors"))["terms"] == "research alone"


def test_everything_wrong_is_said(run: Run, state: dict[str, torch.Tensor]) -> None:
    odd = {name: tensor for name, tensor in state.items() if name != "style.1.bias"} | {"other": torch.ones(2)}
    odd["conv1.noise.weight"] = torch.ones(3)
    save("all.pt", {"g_ema": odd})
    said = run(*FROM, "all.pt", code=2).stderr
    for words in ("style.1.bias 5 is missing", "other 2 is not part", "conv1.noise.weight is 3, the network wants 1"):
        assert words in said
    assert "all.pt: the variables of g_ema are not those of" in said
    assert said.rstrip().endswith("no shipped spec has a generator with these variables")
    assert not Path("model").exists()


@pytest.mark.parametrize(
    ("content", "words", "said"),
    [
        ({"g": {}}, (), "holds no tensors; it has g"),
        ([1], (), "holds a list, not a dict of tensors"),
        (
            {"d": {"x": torch.ones(1)}},
            (),
            "all.pt has no generator; it has d: a generator is called g_ema, G_ema, avg_gen_state_dict, g,",
        ),
        (
            {"g": {"x": torch.ones(1)}},
            ("--which", "ema"),
            "all.pt has no averaged generator; it has g: leave --which out",
        ),
        ({"g": {"x": torch.ones(1)}}, ("--with-discriminator",), "all.pt has no discriminator; it has g: leave --with"),
        ({"g_ema": Path}, (), "nothing in it was run"),
    ],
)
def test_sources_that_will_not_do(
    run: Run, state: dict[str, torch.Tensor], content: Any, words: tuple[str, ...], said: str
) -> None:
    save("all.pt", content)
    assert said in run(*FROM, "all.pt", *words, code=2).stderr


def test_values_are_finite(run: Run, state: dict[str, torch.Tensor]) -> None:
    state["style.1.bias"][0] = float("inf")
    save("all.pt", {"g_ema": state})
    assert "g_ema: style.1.bias is not finite" in run(*FROM, "all.pt", code=2).stderr


def test_the_code_has_no_other_family(run: Run, state: dict[str, torch.Tensor]) -> None:
    save("all.pt", {"g_ema": state, "d": {"x": torch.ones(1)}})
    said = run("convert", "--from", "cips", "all.pt", "--spec", "hit-ti-64", "--out", "model", code=2).stderr
    assert "saic-mdal/CIPS has no hit generator; of its families here: cips" in said
    said = run(*FROM, "all.pt", "--with-discriminator", code=2).stderr
    assert "saic-mdal/CIPS has no stylegan2 discriminator; of its families here: stylegan2_original" in said


def test_there_is_no_way_back(run: Run) -> None:
    assert "--to 'cips' is not known" in run("convert", "--to", "cips", "model", "out.pt", code=2).stderr
