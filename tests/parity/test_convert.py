"""`hitzoo convert`: the official variables in, the official images out, and the same variables back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.hit.official import hit_variables
from hitzoo.families.load import load_spec, parse_spec
from hitzoo.families.official import Array
from hitzoo.families.stylegan2.official import stylegan2_variables
from tests.conftest import Run
from tests.parity.conftest import SPECS
from tests.parity.variables import GOLDEN, SUFFIX, fill, filled, shapes
from tests.support import TINY_HIT

FROM = ("convert", "--from", "hit-gan", "source.npz", "--spec", "hit-imagenet128", "--out", "model")
FROM_TINY = ("convert", "--from", "hit-gan", "source.npz", "--spec", "tiny.yaml", "--out", "model")


def shapes_of(plan: ModelPlan) -> dict[str, tuple[int, ...]]:
    """The official name and shape of every variable of both networks."""
    entries = {"generator": hit_variables(plan.generator), "discriminator": stylegan2_variables(plan.discriminator)}
    return {f"{part}/{entry.theirs}": entry.shape for part, named in entries.items() for entry in named}


@pytest.fixture
def tiny() -> dict[str, Array]:
    """Every variable that the official code would have of both networks of a spec of 8×8 pixels."""
    plan = compile_spec(parse_spec(TINY_HIT, "tiny"))
    return {key: fill(key, shape, salt=0) for key, shape in shapes_of(plan).items()}


@pytest.fixture
def run(run: Run, tmp_path: Path) -> Run:
    (tmp_path / "tiny.yaml").write_text(TINY_HIT, encoding="utf-8")
    return run


@pytest.mark.parametrize("resolution", [128, 256, 1024])
def test_variables_are_the_official_ones(resolution: int) -> None:
    assert shapes_of(compile_spec(load_spec(SPECS[resolution]))) == shapes(resolution)


def test_the_images_of_the_official_code(run: Run, tmp_path: Path) -> None:
    golden = np.load(GOLDEN / "hit128_forward.npz")
    np.savez("source.npz", **{key + SUFFIX: array for key, array in filled(128).items()})
    np.save("z.npy", golden["z"])
    said = run(*FROM).stdout
    assert "304 variables used, the generator from generator" in said
    assert "left out: discriminator: 33 variables" in said
    run("sample", "--model", "model", "--latents", "z.npy", "--npy", "out.npy")
    difference = np.abs(np.load("out.npy") - golden["g_eval_nhwc"]).max() / np.abs(golden["g_eval_nhwc"]).max()
    assert difference < 1e-5


def test_the_round_trip_is_exact(run: Run, tiny: dict[str, Array]) -> None:
    np.savez("source.npz", **tiny)
    run(*FROM_TINY, "--with-discriminator")
    run("convert", "--to", "hit-gan", "model", "back.npz")
    with np.load("back.npz") as back:
        assert set(back.files) == set(tiny)
        for key, array in tiny.items():
            assert back[key].dtype == np.float32
            np.testing.assert_array_equal(back[key], array, err_msg=key)


def test_the_average_is_preferred_and_the_rest_is_named(run: Run, tiny: dict[str, Array]) -> None:
    live = {key: array for key, array in tiny.items() if key.startswith("generator/")}
    average = {f"ema_{key}": fill(key, array.shape, salt=1) for key, array in live.items()}
    slots = {f"{next(iter(live))}/.OPTIMIZER_SLOT/g_optimizer/v": np.zeros(3, np.float32)}
    others = {"global_step": np.int64(5), "mystery/kernel": np.zeros(2, np.float32)}
    np.savez("source.npz", **live, **average, **slots, **others)
    said = run(*FROM_TINY).stdout
    for words in (
        "from ema_generator",
        f"generator: {len(live)} variables",
        "optimizer: 1 variable",
        "mystery/kernel",
        "global_step",
    ):
        assert words in said
    run("convert", "--to", "hit-gan", "model", "back.npz")
    with np.load("back.npz") as back:
        assert set(back.files) == set(average)
        assert all((back[key] == array).all() for key, array in average.items())
    run(*FROM_TINY[:-1], "live", "--which", "generator")
    run("convert", "--to", "hit-gan", "live", "live.npz")
    with np.load("live.npz") as back:
        assert all((back[key] == array).all() for key, array in live.items())


def test_a_wrong_spec_names_the_differences_and_the_one_that_fits(run: Run, tmp_path: Path) -> None:
    np.savez("source.npz", **{key: np.zeros(shape, np.float32) for key, shape in shapes(256).items()})
    said = run(*FROM, code=2).stderr
    for words in (
        "the variables are not those of hit-imagenet128",
        "generator/blocks/4/layer_with_weights-0/attention_layer/key_dense/bias is 1×16, the network wants 1×32",
        "more",
        "fits: --spec hit-b-celebahq256, hit-b-ffhq256, hit-b-ffhq256-nobcr, hit-b-ffhq256-r3gan\n",
    ):
        assert words in said
    assert not (tmp_path / "model").exists()


def test_a_missing_variable_is_named(run: Run, tiny: dict[str, Array]) -> None:
    del tiny["generator/position_embeddings/1/embedding_weight"]
    np.savez("source.npz", **tiny)
    said = run(*FROM_TINY, code=2).stderr
    assert "generator/position_embeddings/1/embedding_weight 1×8×8×4 is missing" in said
    assert "no shipped spec has exactly these variables" in said


def test_a_variable_left_over_is_a_wrong_spec(run: Run, tiny: dict[str, Array], tmp_path: Path) -> None:
    extra = "generator/umsamplings/9/dense_layer/kernel"
    np.savez("source.npz", **tiny, **{extra: np.zeros((2, 3), np.float32)})
    assert f"{extra} 2×3 is not part of the network" in run(*FROM_TINY, code=2).stderr
    assert not (tmp_path / "model").exists()


def test_a_discriminator_that_is_not_there_is_named(run: Run, tiny: dict[str, Array]) -> None:
    np.savez("source.npz", **{key: array for key, array in tiny.items() if key.startswith("generator/")})
    said = run(*FROM_TINY, "--with-discriminator", code=2).stderr
    assert "the source has no discriminator; it has generator" in said


def test_the_official_code_has_no_convnet(run: Run, tiny: dict[str, Array]) -> None:
    np.savez("source.npz", **tiny)
    words = ("--spec", "convnet-r1-imagenet128", "--out", "model")
    assert "no convnet generator" in run("convert", "--from", "hit-gan", "source.npz", *words, code=2).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("convert", "--to", "hit-gan", "nowhere", "out.npz", "--spec", "x"), "--spec cannot be used with --to"),
        ((*FROM, "out.npz"), "OUT cannot be used with --from"),
        ((*FROM[:-1], "broken.npz"), "broken.npz exists already"),
        (("convert", "source.npz"), "give --from with one of hit-gan, transgan, cips"),
        (("convert", "--from", "stylegan", "source.npz"), "'stylegan' is not known; possible: hit-gan, transgan"),
        (("convert", "--from", "hit-gan", "source.npz"), "--from needs --spec NAME and --out DIR"),
        (FROM, "no file at source.npz"),
        ((*FROM[:3], "checkpoint", *FROM[4:]), "neither an .npz file nor a TensorFlow checkpoint"),
        ((*FROM[:3], "broken.npz", *FROM[4:]), "broken.npz cannot be read as an .npz"),
        ((*FROM, "--which", "best"), "--which best: ema or generator"),
        (("convert", "--to", "hit-gan", "nowhere", "out.npz"), "no model is named 'nowhere'"),
        (("convert", "--to", "hit-gan", "nowhere"), "--to needs the file to write"),
    ],
)
def test_mistakes(run: Run, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 cut")
    assert said in run(*words, code=2).stderr
    assert {path.name for path in tmp_path.iterdir()} == {"broken.npz", "tiny.yaml"}


def test_a_checkpoint_without_tensorflow_says_the_ways_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    Path("ckpt-5.index").touch()
    said = run(*FROM[:3], "ckpt-5", *FROM[4:], code=2).stderr
    assert "pip install 'hitzoo[tf]'" in said
    assert "docs/parity.md" in said


@pytest.mark.processes
def test_a_real_checkpoint(run: Run, tmp_path: Path) -> None:
    """Written and read by TensorFlow itself, in a process of its own; where it is not installed, the .npz has to do."""
    pytest.importorskip("tensorflow", reason="TensorFlow is an optional extra")
    np.savez("source.npz", **filled(128))
    done = subprocess.run([sys.executable, "-c", SAVE], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    golden = np.load(GOLDEN / "hit128_forward.npz")
    np.save("z.npy", golden["z"])
    run(*FROM[:3], "checkpoints", *FROM[4:])
    run("sample", "--model", "model", "--latents", "z.npy", "--npy", "out.npy")
    difference = np.abs(np.load("out.npy") - golden["g_eval_nhwc"]).max() / np.abs(golden["g_eval_nhwc"]).max()
    assert difference < 1e-5


SAVE = """
import numpy, tensorflow as tf
def put(node, path, value):
    first, *rest = path
    if not rest:
        setattr(node, first, tf.Variable(value))
        return
    if not hasattr(node, first):
        setattr(node, first, tf.Module())
    put(getattr(node, first), rest, value)
root = tf.train.Checkpoint()
for key, value in numpy.load("source.npz").items():
    put(root, key.split("/"), value)
tf.train.CheckpointManager(root, "checkpoints", max_to_keep=1).save()
"""
