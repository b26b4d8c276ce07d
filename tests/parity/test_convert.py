"""`hitzoo convert`: the official variables in, the official images out, and the same variables back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run
from tests.parity.variables import GOLDEN, SUFFIX, fill, filled, shapes

FROM = ("convert", "--from", "hit-gan", "source.npz", "--spec", "hit-imagenet128", "--out", "model")


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


def test_the_round_trip_is_exact(run: Run) -> None:
    variables = filled(128)
    np.savez("source.npz", **variables)
    run(*FROM, "--with-discriminator")
    run("convert", "--to", "hit-gan", "model", "back.npz")
    with np.load("back.npz") as back:
        assert set(back.files) == set(variables)
        for key, array in variables.items():
            assert back[key].dtype == np.float32
            np.testing.assert_array_equal(back[key], array, err_msg=key)


def test_the_average_is_preferred_and_the_rest_is_named(run: Run) -> None:
    live = {key: array for key, array in filled(128).items() if key.startswith("generator/")}
    average = {f"ema_{key}": fill(key, array.shape, salt=1) for key, array in live.items()}
    slots = {f"{next(iter(live))}/.OPTIMIZER_SLOT/g_optimizer/v": np.zeros(3, np.float32)}
    others = {"global_step": np.int64(5), "mystery/kernel": np.zeros(2, np.float32)}
    np.savez("source.npz", **live, **average, **slots, **others)
    said = run(*FROM).stdout
    for words in (
        "from ema_generator",
        "generator: 304 variables",
        "optimizer: 1 variable",
        "mystery/kernel",
        "global_step",
    ):
        assert words in said
    run("convert", "--to", "hit-gan", "model", "back.npz")
    with np.load("back.npz") as back:
        assert set(back.files) == set(average)
        assert all((back[key] == array).all() for key, array in average.items())
    run(*FROM[:-1], "live", "--which", "generator")
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


def test_a_missing_variable_is_named(run: Run) -> None:
    variables = filled(128)
    del variables["generator/position_embeddings/2/embedding_weight"]
    np.savez("source.npz", **variables)
    said = run(*FROM, code=2).stderr
    assert "generator/position_embeddings/2/embedding_weight 1×32×32×256 is missing" in said
    assert "no shipped spec has exactly these variables" in said


def test_a_variable_left_over_is_a_wrong_spec(run: Run, tmp_path: Path) -> None:
    extra = "generator/umsamplings/9/dense_layer/kernel"
    np.savez("source.npz", **filled(128), **{extra: np.zeros((2, 3), np.float32)})
    assert f"{extra} 2×3 is not part of the network" in run(*FROM, code=2).stderr
    assert not (tmp_path / "model").exists()


def test_a_discriminator_that_is_not_there_is_named(run: Run) -> None:
    np.savez("source.npz", **{key: array for key, array in filled(128).items() if key.startswith("generator/")})
    said = run(*FROM, "--with-discriminator", code=2).stderr
    assert "the source has no discriminator; it has generator" in said


def test_the_official_code_has_no_convnet(run: Run) -> None:
    np.savez("source.npz", **filled(128))
    words = ("--spec", "convnet-r1-imagenet128", "--out", "model")
    assert "no convnet generator" in run("convert", "--from", "hit-gan", "source.npz", *words, code=2).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("convert", "--to", "hit-gan", "nowhere", "out.npz", "--spec", "x"), "--spec cannot be used with --to"),
        ((*FROM, "out.npz"), "OUT cannot be used with --from"),
        ((*FROM[:-1], "broken.npz"), "broken.npz exists already"),
        (("convert", "source.npz"), "--from hit-gan or --to hit-gan"),
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
    assert [path.name for path in tmp_path.iterdir()] == ["broken.npz"]


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
