"""`hitzoo convert --from transgan`: published variables in, published images out, and the same variables back."""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hitzoo.errors import WeightsError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.plan.role import Role
from hitzoo.zoo.convert_transgan import recognise
from hitzoo.zoo.transgan_source import BARE, Checkpoint, index_of_pairs
from tests.conftest import Run
from tests.families.transgan.variables import (
    GOLDEN,
    TINY,
    fill,
    filled,
    latents,
    published_shapes,
    tiny,
    variables,
    without_noise,
)

FROM = ("convert", "--from", "transgan", "source.pth", "--spec", "tiny.yaml", "--out", "model")


def state(config: str, role: Role, salt: str = "", prefix: str = "module.") -> OrderedDict[str, torch.Tensor]:
    """A network's state as the published code saves it, with the buffers that follow from its sizes."""
    found: OrderedDict[str, torch.Tensor] = OrderedDict()
    for one in variables(tiny(config), role):
        found[prefix + one.theirs] = fill(salt + one.theirs, one.shape)
        if one.theirs.endswith("relative_position_bias_table"):
            side = (round(one.shape[0] ** 0.5) + 1) // 2
            found[prefix + one.theirs.replace("bias_table", "index")] = index_of_pairs(side)
    return found


def save(path: str, content: Any) -> None:
    torch.save(content, path)  # noqa: TID251 - as the published code does


def load(path: str) -> Any:
    return torch.load(path, weights_only=True)  # noqa: TID251 - tensors alone


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A whole checkpoint of a tiny network like CelebA-HQ's, and its spec, in the current folder."""
    monkeypatch.chdir(tmp_path)
    config = "celebahq256"
    Path("tiny.yaml").write_text(TINY[config], encoding="utf-8")
    content = {
        "epoch": 7,
        "gen_model": "Celeba256_gen",
        "dis_model": "Celeba256_dis",
        "gen_state_dict": state(config, "generator", salt="live "),
        "dis_state_dict": state(config, "discriminator") | {"module.Hz_fbank": torch.zeros(4, 43)},
        "avg_gen_state_dict": state(config, "generator"),
        "gen_optimizer": {"state": {0: {"step": 3}}, "param_groups": [{"lr": 1e-4, "betas": (0, 0.99)}]},
        "best_fid": np.float64(12.5),
        "path_helper": {"prefix": "logs"},
        "fixed_z": torch.zeros(3, 6),
    }
    save("source.pth", content)
    return config


def test_images_of_the_average(run: Run, source: str) -> None:
    plan = tiny(source)
    said = run(*FROM).stdout
    assert "the generator from avg_gen_state_dict" in said
    for words in ("left out: gen_state_dict: ", "left out: dis_state_dict: ", "left out: fixed_z", "non-commercial"):
        assert words in said
    np.save("z.npy", latents(plan).numpy())
    run("sample", "--model", "model", "--latents", "z.npy", "--npy", "out.npy")
    with torch.no_grad():
        expected = filled(plan, "generator")[0](without_noise(plan, latents(plan)))
    np.testing.assert_allclose(np.load("out.npy"), expected.permute(0, 2, 3, 1).numpy(), atol=1e-4)


def test_round_trip_is_exact(run: Run, source: str) -> None:
    run(*FROM, "--with-discriminator")
    run("convert", "--to", "transgan", "model", "back.pth")
    before, after = _trusted("source.pth"), load("back.pth")
    assert set(after) == {"avg_gen_state_dict", "dis_state_dict"}
    for part, tensors in after.items():
        wanted = {name: tensor for name, tensor in before[part].items() if "Hz_fbank" not in name}
        assert set(tensors) == set(wanted)
        for name, tensor in wanted.items():
            assert tensors[name].dtype == tensor.dtype
            assert torch.equal(tensors[name], tensor), name


def test_generator_alone_without_prefix(run: Run, source: str) -> None:
    bare = state(source, "generator", prefix="")
    save("source.pth", bare)
    assert "the generator from generator alone" in run(*FROM).stdout
    run("convert", "--to", "transgan", "model", "back.pth")
    after = load("back.pth")
    assert set(after) == set(bare)
    assert all(torch.equal(after[name], tensor) for name, tensor in bare.items())


def test_live_generator_on_demand(run: Run, source: str) -> None:
    assert "the generator from gen_state_dict" in run(*FROM, "--which", "generator").stdout
    run("convert", "--to", "transgan", "model", "back.pth")
    after = load("back.pth")
    assert list(after) == ["gen_state_dict"]
    name = "module.l1.weight"
    assert torch.equal(after["gen_state_dict"][name], state(source, "generator", salt="live ")[name])


def test_licence_goes_with_the_weights(run: Run, source: str) -> None:
    run(*FROM)
    about = json.loads(run("info", "model", "--json").stdout)
    assert "non-commercial" in json.dumps(about)
    card = run("publish", "model", "you/faces", "--license", "other", "--license-name", "nc", "--dry-run").stdout
    assert "terms of the source | the published TransGAN code is licensed for non-commercial use" in card
    assert "converted from | transgan (avg_gen_state_dict)" in card


def test_index_that_is_made_anew_is_the_published_one() -> None:
    index = index_of_pairs(8)
    assert index.dtype == torch.int64
    assert index[:2, :4].tolist() == [[112, 111, 110, 109], [113, 112, 111, 110]]


@pytest.mark.parametrize("config", ["cifar10", "stl10", "celebahq256", "church256"])
def test_configuration_is_known_by_its_shapes(config: str) -> None:
    shapes = published_shapes(config, "generator")
    tensors = {name: torch.zeros(()).expand(shape) for name, shape in shapes.items()}
    assert recognise(Checkpoint({BARE: tensors}, False, ())) == f"transgan-{config}"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pos_embed_2": (1, 64, 256)}, "nearest to those of transgan-cifar10, but:\n  pos_embed_2 is 1×64×256"),
        ({"l1.weight": (9, 9)}, "no published configuration has a first layer l1.weight of 9×9"),
        ({"blocks.0.attn.qkv.weight": (3, 3)}, "of the paper's first version (February 2021)"),
    ],
)
def test_other_shapes_are_named(change: dict[str, tuple[int, ...]], said: str) -> None:
    shapes = {**published_shapes("cifar10", "generator"), **change}
    tensors = {name: torch.zeros(()).expand(shape) for name, shape in shapes.items()}
    with pytest.raises(WeightsError) as caught:
        recognise(Checkpoint({BARE: tensors}, False, ()))
    assert said in str(caught.value)


class Hostile:
    def __reduce__(self) -> Any:
        return eval, ("__import__('pathlib').Path('ran').touch()",)


def test_nothing_in_a_file_is_run(run: Run, source: str, tmp_path: Path) -> None:
    save("source.pth", {"avg_gen_state_dict": state(source, "generator"), "extra": Hostile()})
    said = run(*FROM, code=2).stderr
    assert "source.pth is not a checkpoint of tensors alone, and nothing in it was run" in said
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([1, 2], "source.pth holds a list, not a dict of tensors"),
        ({"epoch": 3}, "source.pth holds no tensors; it has epoch"),
        ({"x": torch.zeros(2)}, "blocks_2.block.0.attn.noise_strength_1 scalar is missing"),
    ],
)
def test_files_of_other_things(run: Run, source: str, content: Any, said: str) -> None:
    save("source.pth", content)
    assert said in run(*FROM, code=2).stderr


def test_values_that_are_not_finite_are_refused(run: Run, source: str) -> None:
    broken = state(source, "generator")
    broken["module.deconv.0.bias"][1] = torch.inf
    save("source.pth", broken)
    assert "to_image.linear.bias is not finite in the source" in run(*FROM, code=2).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("convert", "--from", "transgan", "source.pth"), "--from needs --out DIR"),
        (("convert", "--from", "transgan", "nowhere.pth", *FROM[4:]), "no file at nowhere.pth"),
        (("convert", "--from", "transgan", "tiny.yaml", *FROM[4:]), "tiny.yaml"),
        ((*FROM, "--which", "best"), "--which best: ema or generator"),
        ((*FROM[:5], "hit-ti-64", *FROM[6:]), "the published TransGAN code has no hit generator"),
        (("convert", "--to", "transgan", "nowhere"), "hitzoo convert --to transgan DIR out.pth"),
    ],
)
def test_mistakes(run: Run, source: str, words: tuple[str, ...], said: str) -> None:
    assert said in run(*words, code=2).stderr


def test_discriminator_that_is_not_there(run: Run, source: str) -> None:
    save("source.pth", state(source, "generator"))
    assert "the source has no dis_state_dict" in run(*FROM, "--with-discriminator", code=2).stderr


@pytest.mark.exhaustive
def test_published_file_gives_the_golden_images(run: Run, source: str) -> None:
    plan, golden = compile_spec(load_spec("transgan-cifar10")), np.load(GOLDEN / "cifar10.npz")
    tensors = {f"module.{one.theirs}": fill(one.theirs, one.shape) for one in variables(plan, "generator")}
    save("source.pth", {"epoch": 1, "avg_gen_state_dict": tensors})
    np.save("z.npy", latents(plan).numpy())
    run("convert", "--from", "transgan", "source.pth", "--out", "model")
    for more in ([], ["--optimized"]):
        run("sample", "--model", "model", "--latents", "z.npy", "--npy", "out.npy", "--force", *more)
        np.testing.assert_allclose(np.load("out.npy").transpose(0, 3, 1, 2), golden["g_out"], atol=1e-4)


def _trusted(path: str) -> Any:
    return torch.load(path, weights_only=False)  # noqa: TID251 - made by this test
