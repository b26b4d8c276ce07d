"""`hitzoo encode`, `decode`, `reconstruct` and `eval` of an autoencoder, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from hitzoo.errors import HitzooError
from hitzoo.sampling.autoencoder import Autoencoder
from hitzoo.sampling.codes_file import read_codes
from tests.support import TINY_HIT
from tests.training.two_processes import AUTOENCODER

TEXT = TINY_HIT + "training: {batch_size: 4, steps: 1}\ndata: {source: synthetic}\n"


@pytest.fixture
def model(run, tmp_path) -> Path:
    (tmp_path / "tiny.yaml").write_text(TEXT)
    sets = [word for override in AUTOENCODER for word in ("--set", override)]
    assert "hitzoo reconstruct PICTURES --model model" in run("build", "tiny.yaml", "--out", "model", *sets).stdout
    return tmp_path / "model"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six pictures, two of one name in different folders, one not square."""
    random = np.random.default_rng(0)
    for name, width in (("a/one.png", 12), ("b/one.png", 12), ("b/two.png", 20), ("three.png", 8), ("four.jpg", 8)):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (12, width, 3), np.uint8)).save(path)
    return tmp_path / "photos"


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.array(picture)


def test_model_holds_all_networks_but_the_discriminator(model) -> None:
    assert {path.name for path in model.iterdir()} == {
        "config.json",
        "encoder.safetensors",
        "model.safetensors",
        "quantizer.safetensors",
    }


def test_table_shows_all_networks(run, tmp_path, model) -> None:
    shown = run("build", "model").stdout
    for part in ("encoder", "quantizer", "generator", "discriminator"):
        assert f" {part} " in shown
    assert "4×4 of 9 codes to 8×8×3" in shown


def test_decoding_the_codes_is_the_reconstruction(run, model, photos, tmp_path) -> None:
    said = run("encode", "photos", "--model", "model", "--out", "codes.npz", "--batch-size", 2).stdout
    assert "5 pictures as 4×4 codes" in said
    with np.load(tmp_path / "codes.npz", allow_pickle=False) as held:
        assert held["codes"].shape == (5, 4, 4)
        assert held["codes"].dtype == np.uint16
        assert [str(name) for name in held["names"]] == [
            "a/one.png", "b/one.png", "b/two.png", "four.jpg", "three.png",
        ]  # fmt: skip
        assert len(str(held["model"])) == 64
    run("decode", "codes.npz", "--model", "model", "--out", "out")
    run("reconstruct", "photos", "--model", "model", "--alone", "--metrics", "psnr", "--out", "alone")
    names = {"a_one.png", "b_one.png", "b_two.png", "four.png", "three.png"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    for name in names:
        assert (pixels(tmp_path / "out" / name) == pixels(tmp_path / "alone" / name)).all()


def test_same_codes_are_the_same_bytes_and_others_are_refused(run, model, photos, tmp_path) -> None:
    run("encode", "photos", "--model", "model", "--out", "codes.npz")
    before = (tmp_path / "codes.npz").read_bytes()
    run("encode", "photos", "--model", "model", "--out", "codes.npz")
    assert (tmp_path / "codes.npz").read_bytes() == before
    (photos / "three.png").unlink()
    assert "--force" in run("encode", "photos", "--model", "model", "--out", "codes.npz", code=2).stderr
    run("encode", "photos", "--model", "model", "--out", "codes.npz", "--force")
    assert (tmp_path / "codes.npz").read_bytes() != before


def test_codes_of_another_model_are_refused(run, model, photos, tmp_path) -> None:
    run("encode", "photos", "--model", "model", "--out", "codes.npz")
    sets = [word for override in AUTOENCODER for word in ("--set", override)]
    run("build", "tiny.yaml", "--out", "other", "--seed", 1, *sets)
    refused = run("decode", "codes.npz", "--model", "other", "--out", "out", code=2).stderr
    assert "holds codes of another model" in refused
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda held: held | {"codes": held["codes"] + 9}, "has 9, from 0 to 8"),
        (lambda held: held | {"names": held["names"][:2]}, "names for 2"),
        (lambda held: held | {"codes": held["codes"][0]}, "other shapes than codes have"),
        (lambda held: held | {"more": np.zeros(1)}, "holds no codes of hitzoo encode"),
        (lambda held: held | {"names": np.array([Path()] * 5, dtype=object)}, "holds no codes of hitzoo encode"),
    ],
)
def test_damaged_codes_are_refused(run, model, photos, tmp_path, change, words) -> None:
    run("encode", "photos", "--model", "model", "--out", "codes.npz")
    with np.load(tmp_path / "codes.npz") as held:
        contents = dict(held)
    np.savez(tmp_path / "codes.npz", **change(contents))
    assert words in run("decode", "codes.npz", "--model", "model", code=2).stderr


def test_altered_bytes_are_told_and_no_traceback(run, model, photos, tmp_path) -> None:
    run("encode", "photos", "--model", "model", "--out", "codes.npz")
    whole, autoencoder = (tmp_path / "codes.npz").read_bytes(), Autoencoder.from_pretrained(tmp_path / "model")
    random, refused = np.random.default_rng(0), 0
    for _ in range(200):
        altered = bytearray(whole)
        altered[random.integers(len(whole))] ^= int(random.integers(1, 256))
        (tmp_path / "altered.npz").write_bytes(altered)
        try:
            read_codes(tmp_path / "altered.npz", autoencoder)
        except HitzooError:
            refused += 1
    assert refused > 100


def test_file_that_would_fill_the_memory_is_refused(run, model, photos, tmp_path) -> None:
    run("encode", "photos", "--model", "model", "--out", "codes.npz")
    with np.load(tmp_path / "codes.npz") as held:
        contents = dict(held)
    contents["names"] = np.zeros(1 << 20, "U20")  # 80 MB of nothing
    np.savez_compressed(tmp_path / "codes.npz", **contents)
    assert "would unpack to" in run("decode", "codes.npz", "--model", "model", code=2).stderr


def test_other_files_are_no_codes(run, model, tmp_path) -> None:
    assert "cannot be read" in run("decode", "nowhere.npz", "--model", "model", code=2).stderr
    (tmp_path / "text.npz").write_text("no archive")
    assert "holds no codes" in run("decode", "text.npz", "--model", "model", code=2).stderr


def test_name_in_a_file_of_codes_leads_nowhere_else(run, model, photos, tmp_path) -> None:
    run("encode", "photos", "--model", "model", "--out", "codes.npz")
    with np.load(tmp_path / "codes.npz") as held:
        contents = dict(held)
    contents["names"] = np.array(["../../out.png", "/etc/passwd", "..", "x\ny.png", ".hidden"])
    np.savez(tmp_path / "codes.npz", **contents)
    run("decode", "codes.npz", "--model", "model", "--out", "deep/out")
    assert {path.name for path in (tmp_path / "deep" / "out").iterdir()} == {
        "out.png", "etc_passwd.png", "picture.png", "x_y.png", "hidden.png",
    }  # fmt: skip


@pytest.mark.parametrize("verb", ["decode", "reconstruct"])
def test_other_pictures_are_told_before_one_is_written(run, model, photos, tmp_path, verb) -> None:
    run("encode", "photos", "--model", "model", "--out", "codes.npz")
    of = ("codes.npz",) if verb == "decode" else ("photos", "--metrics", "psnr")
    command = (verb, *of, "--model", "model", "--out", "out")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "three.png").write_bytes(b"another")  # the last of them
    assert "exists already" in run(*command, code=2).stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["three.png"]
    run(*command, "--force")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    run(*command)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


@pytest.mark.parametrize("verb", ["decode", "reconstruct"])
def test_optimized_decoder_makes_the_same_pictures(run, model, photos, tmp_path, verb) -> None:
    run("encode", "photos", "--model", "model", "--out", "codes.npz")
    of = ("codes.npz",) if verb == "decode" else ("photos", "--metrics", "psnr")
    command = (verb, *of, "--model", "model", "--out")
    run(*command, "plain")
    run(*command, "fast", "--optimized")
    for path in (tmp_path / "plain").iterdir():
        same = np.abs(pixels(path).astype(int) - pixels(tmp_path / "fast" / path.name))
        assert same.max() <= 1
        with Image.open(tmp_path / "fast" / path.name) as picture:
            assert (picture.text["hitzoo:path"], picture.text["hitzoo:precision"]) == ("optimized", "float32")
    run(*command, "fast", "--optimized")
    assert "made with path optimized" in run(*command, "fast", code=2).stderr
    assert "other precision" in run(*command, "fast", "--optimized", "--precision", "bf16", code=2).stderr
    assert "goes with --optimized" in run(*command, "fast", "--precision", "bf16", code=2).stderr


def test_picture_of_codes_is_rendered_in_parts(run, model, photos, tmp_path) -> None:
    run("encode", "photos", "--model", "model", "--out", "codes.npz")
    run("decode", "codes.npz", "--model", "model", "--out", "decoded")
    render = ("render", "model", "--codes", "codes.npz")
    assert run(*render, "--index", "0,3").stdout.split() == ["renders/model-a_one.png", "renders/model-four.png"]
    whole = pixels(tmp_path / "decoded" / "four.png").astype(int)
    assert np.abs(pixels(tmp_path / "renders" / "model-four.png") - whole).max() <= 1
    part = run(*render, "--index", 3, "--region", "1,2,5,3").stdout.strip()
    assert part == "renders/model-four-region-1-2-5-3.png"
    assert np.abs(pixels(tmp_path / part) - whole[2:5, 1:6]).max() <= 1
    with torch.inference_mode():
        autoencoder = Autoencoder.from_pretrained(model, device="cpu")
        vectors = autoencoder.vectors(read_codes(tmp_path / "codes.npz", autoencoder).codes)
        every = autoencoder.networks["generator"](vectors).permute(0, 2, 3, 1).numpy()
    limits = {"float32": 1e-5, "bf16": 0.03}
    for precision, limit in limits.items():
        run(*render, "--index", 3, "--npy", f"{precision}.npy", "--precision", precision)
        away = np.abs(every - np.load(tmp_path / f"{precision}.npy")).max(axis=(1, 2, 3)) / np.abs(every).max()
        assert away[3] < limit
    assert away[3] > limits["float32"]
    assert np.abs(every[3] - every[0]).max() > 1e-3 * np.abs(every).max()
    with Image.open(tmp_path / part) as shown, Image.open(tmp_path / "decoded" / "four.png") as decoded:
        assert shown.text["hitzoo:codes"] == decoded.text["hitzoo:codes"]
        assert (shown.text["hitzoo:region"], shown.text["hitzoo:path"]) == ("1,2,5,3", "optimized")


def test_render_refuses_what_no_codes_have(run, model, photos) -> None:
    run("encode", "photos", "--model", "model", "--out", "codes.npz")
    render = ("render", "model", "--codes", "codes.npz")
    assert "codes of 5 pictures" in run(*render, "--index", "0,5", code=2).stderr
    assert not Path("renders").exists()
    assert "give one index" in run(*render, "--index", "0-1", "--out", "a.png", code=2).stderr
    assert "models with a latent" in run(*render, "--seed", 7, code=2).stderr
    assert "models with a latent" in run(*render, "--truncation", 0.5, code=2).stderr
    assert "fixed size" in run(*render, "--size", 64, code=2).stderr
    assert "neither a number nor a range" in run(*render, "--index", "x", code=2).stderr
    assert "goes with --codes" in run("render", "model", "--index", 1, code=2).stderr
    assert "hitzoo render --codes" in run("render", "model", code=2).stderr
    run(*render, "--out", "a.png")
    run(*render, "--out", "a.png")
    assert "made with other codes" in run(*render, "--index", 1, "--out", "a.png", code=2).stderr


def test_pictures_are_shown_beside_their_reconstructions(run, model, photos, tmp_path) -> None:
    report = json.loads(
        run("reconstruct", "photos", "--model", "model", "--metrics", "psnr,ssim", "--out", "out", "--json").stdout
    )
    assert report["pictures"][0]["picture"] == "a/one.png"
    row = next(row for row in report["pictures"] if row["picture"] == "three.png")
    shown = pixels(tmp_path / "out" / "three.png").astype(float)
    assert shown.shape == (8, 16, 3)
    error = np.square(shown[:, :8] - shown[:, 8:]).mean()
    assert row["psnr"] == pytest.approx(10 * np.log10(255**2 / error), abs=1e-3)
    with Image.open(tmp_path / "out" / "three.png") as picture:
        assert picture.text["hitzoo:ssim"] == str(row["ssim"])
    table = run("reconstruct", "photos", "--model", "model", "--metrics", "psnr", "--out", "out2").stdout
    assert "mean psnr" in table


def test_unknown_metric_is_told(run, model, photos) -> None:
    assert "psnr, ssim, lpips" in run("reconstruct", "photos", "--model", "model", "--metrics", "fid", code=2).stderr
    refused = run("eval", "--model", "model", "--data", "photos", "--metrics", "psrn", code=2).stderr
    assert "psnr" in refused
    assert "known of an autoencoder" in refused


def test_evaluation_measures_pictures_and_codes(run, model, photos, tmp_path) -> None:
    wanted = "psnr,ssim,usage,rrandom_conv_frechet"
    said = json.loads(run("eval", "--model", "model", "--data", "photos", "--metrics", wanted, "--json").stdout)
    found = {score["name"]: score["value"] for score in said["scores"]}
    rows = json.loads(
        run("reconstruct", "photos", "--model", "model", "--metrics", "psnr,ssim", "--out", "out", "--json").stdout
    )["pictures"]
    for name in ("psnr", "ssim"):
        assert found[name] == pytest.approx(np.mean([row[name] for row in rows]), abs=1e-3)
    run("encode", "photos", "--model", "model", "--out", "codes.npz")
    with np.load(tmp_path / "codes.npz") as held:
        shares = np.bincount(held["codes"].ravel(), minlength=9) / held["codes"].size
    assert found["codebook_usage"] == (shares > 0).mean()
    entropy = -(shares[shares > 0] * np.log2(shares[shares > 0])).sum()
    assert found["perplexity"] == pytest.approx(2**entropy)
    assert found["bits_per_pixel"] == pytest.approx(16 * np.log2(9) / 64)
    assert found["entropy_bits_per_pixel"] == pytest.approx(16 * entropy / 64)
    assert found["rrandom_conv_frechet"] > 0
    with_fast = ("--metrics", "psnr", "--json", "--optimized", "--precision", "bfloat16")
    (score,) = json.loads(run("eval", "--model", "model", "--data", "photos", *with_fast).stdout)["scores"]
    assert score["protocol"]["generated"]["network"] == "fast, bfloat16"
    assert score["value"] == pytest.approx(found["psnr"], rel=1e-2)
    unused = [note for note in said["notes"] if "of the codes are in use" in note]
    assert bool(unused) is (found["codebook_usage"] < 0.5)


def test_numbers_are_printed_as_those_of_reconstructions(run, model, photos) -> None:
    said = run("eval", "--model", "model", "--data", "photos", "--metrics", "psnr,rrandom_conv_frechet").stdout
    assert "5 reconstructions of the real images by model (weights " in said
    assert "note: rrandom_conv_frechet of 5 images" in said
    for word in ("seeds", "truncation", "none"):
        assert word not in said


@pytest.mark.parametrize(("channels", "values"), [(1, "uint8 RGB, grey repeated"), (4, "uint8 RGB, laid over white")])
def test_pictures_of_other_channels_are_compared_as_rgb(run, photos, tmp_path, channels, values) -> None:
    (tmp_path / "tiny.yaml").write_text(TEXT)
    sets = [word for override in (*AUTOENCODER, f"data.channels={channels}") for word in ("--set", override)]
    run("build", "tiny.yaml", "--out", "model", *sets)
    (score,) = json.loads(run("eval", "--model", "model", "--data", "photos", "--metrics", "psnr", "--json").stdout)[
        "scores"
    ]
    assert score["protocol"]["generated"]["values"] == values
    rows = json.loads(
        run("reconstruct", "photos", "--model", "model", "--metrics", "psnr", "--out", "out", "--json").stdout
    )["pictures"]
    assert score["value"] == pytest.approx(np.mean([row["psnr"] for row in rows]), abs=1e-3)


def test_numbers_of_a_checkpoint_are_kept_in_its_run(run, photos, tmp_path) -> None:
    (tmp_path / "tiny.yaml").write_text(TEXT)
    sets = [word for override in AUTOENCODER for word in ("--set", override)]
    run("train", "tiny.yaml", "--out", "vq", "--device", "cpu", *sets)
    said = run("eval", "--model", "vq", "--data", "photos", "--metrics", "psnr,usage")
    assert "stored in the run" in said.stderr
    (kept,) = (tmp_path / "vq" / "evaluations").iterdir()
    assert [score["name"] for score in json.loads(kept.read_text())["scores"]][:2] == ["psnr", "codebook_usage"]
    run("eval", "--model", "vq", "--data", "photos", "--metrics", "psnr,usage")
    assert len(list((tmp_path / "vq" / "evaluations").iterdir())) == 1


def test_spec_without_weights_leads_to_an_autoencoder(run, photos) -> None:
    said = run("encode", "photos", "--model", "vq-hit-imagenet256", code=2).stderr
    assert "hitzoo reconstruct PICTURES --model vq-conv-ti-avatars64" in said
    assert "--init random" not in said  # which is refused


def test_metric_of_reconstructions_is_told_where_there_are_none(run, photos) -> None:
    refused = run("eval", "--images", "photos", "--data", "photos", "--metrics", "psnr", code=2).stderr
    assert "psnr is a metric of an autoencoder" in refused


def test_options_of_sampling_are_refused(run, model, photos) -> None:
    refused = run("eval", "--model", "model", "--data", "photos", "--samples", 10, code=2).stderr
    assert "for models with a latent" in refused
    refused = run("eval", "--model", "model", "--data", "photos", "--batch-size", 2, code=2).stderr
    assert "--batch-size" in refused
    assert "hitzoo reconstruct" in run("sample", "--model", "model", code=2).stderr


def test_model_with_a_latent_encodes_nothing(run, tmp_path, photos) -> None:
    (tmp_path / "tiny.yaml").write_text(TEXT)
    run("build", "tiny.yaml", "--out", "plain")
    assert "hitzoo sample takes it" in run("encode", "photos", "--model", "plain", code=2).stderr


def test_bundled_autoencoder_gives_pictures_back(run) -> None:
    """Four of DiceBear's Critters (CC0) that it was not trained on."""
    avatars = Path(__file__).parent / "avatars"
    words = ("--model", "vq-conv-ti-avatars64", "--metrics", "psnr", "--alone", "--out", "again", "--json")
    shown = json.loads(run("reconstruct", avatars, *words).stdout)
    assert np.mean([row["psnr"] for row in shown["pictures"]]) > 22
    run("encode", avatars, "--model", "vq-conv-ti-avatars64", "--out", "codes.npz")
    run("decode", "codes.npz", "--model", "vq-conv-ti-avatars64", "--out", "decoded")
    refused = run("render", "vq-conv-ti-avatars64", "--codes", "codes.npz", code=2).stderr
    assert "computes whole images only; `hitzoo decode` makes the image" in refused
    for path in Path("again").iterdir():
        assert (pixels(path) == pixels(Path("decoded") / path.name)).all()
