"""`hitzoo convert --from transgan`: published variables in, published images out, and the same variables back."""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from hitzoo.errors import WeightsError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec, parse_spec
from hitzoo.objectives.augment.band_filter import band_kernels
from hitzoo.plan.role import Role
from hitzoo.zoo.convert_transgan import from_transgan, is_published, recognise
from hitzoo.zoo.state_dict_source import BARE, CRITIC, StateDicts
from hitzoo.zoo.transgan_source import index_of_pairs
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
        "dis_state_dict": state(config, "discriminator") | {"module.Hz_fbank": band_kernels().float()},
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
    said = run("convert", "--to", "transgan", "model", "back.pth").stdout
    assert "note: no configuration of the published code has these shapes" in said
    before, after = _trusted("source.pth"), load("back.pth")
    assert set(after) == {"avg_gen_state_dict", "dis_state_dict"}
    for part, tensors in after.items():
        assert set(tensors) == set(before[part])
        for name, tensor in before[part].items():
            assert tensors[name].dtype == tensor.dtype
            assert torch.equal(tensors[name], tensor), name


def test_generator_alone_without_prefix(run: Run, source: str) -> None:
    bare = state(source, "generator", prefix="")
    save("source.pth", bare)
    assert "the generator from the file's state dict" in run(*FROM).stdout
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
    shown = run("info", "model").stdout
    assert "converted from transgan (avg_gen_state_dict) terms the published" in " ".join(shown.split())
    card = run("publish", "model", "you/faces", "--license", "other", "--license-name", "nc", "--dry-run").stdout
    assert "terms of the source | the published TransGAN code is licensed for non-commercial use" in card
    assert "converted from | transgan (avg_gen_state_dict)" in card
    assert "moving average of the generator" in card


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "cc-by-nc-4.0, other, … (the weights' source restricts it: the published TransGAN code is licensed for"),
        (("--license", "apache-2.0"), "--license apache-2.0 allows more than the weights' source does (the published"),
    ],
)
def test_licence_that_allows_more_than_the_source(run: Run, source: str, words: tuple[str, ...], said: str) -> None:
    run(*FROM)
    assert said in run("publish", "model", "you/faces", *words, "--dry-run", code=2).stderr
    assert not run("publish", "model", "you/faces", "--license", "cc-by-nc-4.0", "--dry-run").stderr


@pytest.mark.parametrize(
    ("part", "words"),
    [("gen_state_dict", "the generator itself, not its moving"), ("state_dict", "does not say whether it is an av")],
)
def test_card_of_what_is_no_average(run: Run, source: str, part: str, words: str) -> None:
    save("source.pth", {part: state(source, "generator")})
    run(*FROM)
    card = run("publish", "model", "you/faces", "--license", "cc-by-nc-4.0", "--dry-run").stdout
    assert words in card
    assert "moving average of the generator" not in card


NAMES = [
    ("avg_gen_state_dict", "dis_state_dict"), ("g_ema", "d"), ("G", "D"), ("generator", "discriminator"),
]  # fmt: skip


@pytest.mark.parametrize("names", NAMES)
def test_names_of_parts(run: Run, source: str, names: tuple[str, str]) -> None:
    both = {names[0]: state(source, "generator"), names[1]: state(source, "discriminator")}
    save("source.pth", both)
    assert f"the generator from {names[0]}" in run(*FROM, "--with-discriminator").stdout
    run("convert", "--to", "transgan", "model", "back.pth")
    after = load("back.pth")
    assert next(iter(after)) in ("avg_gen_state_dict", "gen_state_dict")
    assert [set(tensors) for tensors in after.values()] == [set(tensors) for tensors in both.values()]


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".npz"])
def test_state_dict_in_other_files(run: Run, source: str, suffix: str) -> None:
    tensors = state(source, "generator", prefix="")
    if suffix == ".npz":
        np.savez("source.npz", **{name: tensor.numpy() for name, tensor in tensors.items()})  # type: ignore[arg-type]
    elif suffix == ".safetensors":
        save_file(tensors, "source.safetensors")
    else:
        save("source.pth", {"state_dict": tensors})
    run(*FROM[:3], f"source{suffix}", *FROM[4:])
    run("convert", "--to", "transgan", "model", "back.pth")
    after = load("back.pth")
    assert set(after) == set(tensors)
    assert all(torch.equal(after[name], tensor) for name, tensor in tensors.items())


def test_index_that_is_made_anew_is_the_published_one() -> None:
    index = index_of_pairs(8)
    assert index.dtype == torch.int64
    assert index[:2, :4].tolist() == [[112, 111, 110, 109], [113, 112, 111, 110]]


@pytest.mark.parametrize("config", ["cifar10", "stl10", "celebahq256", "church256"])
def test_configuration_is_known_by_its_shapes(config: str) -> None:
    shapes = published_shapes(config, "generator")
    tensors = {name: torch.zeros(()).expand(shape) for name, shape in shapes.items()}
    assert recognise(StateDicts({BARE: tensors}, {}, ())) == f"transgan-{config}"
    assert is_published({BARE: tensors})


def test_first_version_is_named_whatever_the_spec(run: Run, source: str) -> None:
    save("source.pth", {"blocks.0.attn.qkv.weight": torch.zeros(3, 3)})
    said = run(*FROM, code=2).stderr
    assert "source.pth: the variables of generator alone are not those of tiny" in said
    assert "these are weights of the paper's first version (February 2021)" in said


def test_spec_that_fits_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hitzoo.zoo.convert_transgan.load_spec", lambda name: parse_spec(TINY[name], name))
    monkeypatch.setattr("hitzoo.zoo.convert_transgan.PUBLISHED", tuple(TINY))
    for role in ("generator", "discriminator"):
        other = StateDicts(
            {BARE: state("cifar10", "generator", prefix=""), CRITIC: state("stl10", role, prefix="")}, {}, ()
        )
        plan = tiny("cifar10") if role == "discriminator" else tiny("church256")
        with pytest.raises(WeightsError, match=f"fits: --spec {'stl10' if role == 'discriminator' else 'cifar10'}$"):
            from_transgan(other, plan, with_discriminator=role == "discriminator")


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
        recognise(StateDicts({BARE: tensors}, {}, ()))
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
        (
            {"net": {"x": torch.zeros(2)}},
            "source.pth has no generator: its entries are net; a generator is called g_ema",
        ),
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
        (("convert", "model"), "give --from with one of hit-gan, transgan, cips,"),
        (("convert", "--to", "transgan", "nowhere"), "hitzoo convert --to transgan DIR out.pth"),
    ],
)
def test_mistakes(run: Run, source: str, words: tuple[str, ...], said: str) -> None:
    assert said in run(*words, code=2).stderr


def test_discriminator_that_is_not_there(run: Run, source: str) -> None:
    save("source.pth", state(source, "generator"))
    said = run(*FROM, "--with-discriminator", code=2).stderr
    assert "source.pth has no discriminator; it has one state dict alone: leave --with-discriminator out" in said


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
