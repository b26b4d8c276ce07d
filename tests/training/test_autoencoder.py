"""Runs of an autoencoder: resumed to the bit, in micro-batches, in bfloat16, compiled; codes that come alive again."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from hitzoo.errors import RequestError, RunError, SpecError, WeightsError
from hitzoo.families.compile import compile_spec
from hitzoo.runtime.distributed import ALONE
from hitzoo.sampling.autoencoder import Autoencoder
from hitzoo.sampling.latents import latents_of_seeds
from hitzoo.sampling.load import load
from hitzoo.training.engine.execution import Execution
from hitzoo.training.engine.memory_estimate import measure_footprint
from hitzoo.training.engine.state import new_state
from hitzoo.training.estimate import estimate
from hitzoo.training.run.events import NoEvents
from hitzoo.training.run.loop import train
from tests.support import fill
from tests.training.engine.test_runner import assert_same
from tests.training.test_resume import lines, options, tensors
from tests.training.two_processes import AUTOENCODER, LAYER, two_steps

ADAPTIVE = "training.reconstruction.adversarial={weight: 0.8, adaptive: true, start: 6}"
QUANTIZERS = {
    "vq": "quantizer={family: vq, codes: 9, width: 3, unit_length: true}",
    "simvq": "quantizer={family: simvq, codes: 9, width: 3}",
    "fsq": "quantizer={family: fsq, levels: [3, 4]}",
    "lfq": "quantizer={family: lfq, bits: 3}",
}


@pytest.mark.parametrize(
    "more", [[ADAPTIVE], pytest.param([QUANTIZERS["lfq"]], marks=pytest.mark.exhaustive)], ids=["adaptive", "lfq"]
)
def test_four_steps_are_two_and_two_more(tiny_spec, tmp_path, more) -> None:
    wanted = [*AUTOENCODER, *more]
    whole = train(tiny_spec(*wanted), options(tmp_path / "whole"))
    train(tiny_spec(*wanted, "training.steps=2"), options(tmp_path / "parts"))
    rest = train(tiny_spec(*wanted), options(tmp_path / "parts", seed=None, resume=True))
    one, other = tensors(whole.checkpoint), tensors(rest.checkpoint)
    assert one.keys() == other.keys()
    assert len({name.split(" ")[0] for name in one}) == 8
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name
    assert lines(whole.folder) == lines(rest.folder)
    with Image.open(whole.samples) as mine, Image.open(rest.samples) as theirs:
        assert mine.tobytes() == theirs.tobytes()


def test_record_tells_of_losses_and_codes(tiny_spec, tmp_path) -> None:
    done = train(tiny_spec(*AUTOENCODER, ADAPTIVE), options(tmp_path / "run"))
    first, *_, last = lines(done.folder)
    names = ("l1", "perceptual", "quantizer", "generator", "discriminator", "r1", "bcr", "lecam")
    assert {f"loss/{name}" for name in names} <= first.keys()
    assert 0 < last["codes/usage"] <= 1 <= last["codes/perplexity"] <= 9
    assert "adaptive_weight" not in first, "it does not count yet"
    assert last["adaptive_weight"] > 0
    about = json.loads((done.folder / "run.json").read_text(encoding="utf-8"))
    assert set(about["networks"]) == {"encoder", "quantizer", "generator", "discriminator"}
    assert about["encoder_plan"] == compile_spec(tiny_spec(*AUTOENCODER)).hash("encoder")


def test_missing_weights_of_the_distance_are_told_before_anything_is_made(tiny_spec, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HITZOO_LPIPS_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightsError, match="LPIPS needs it"):
        train(tiny_spec(*AUTOENCODER, "training.reconstruction.perceptual=lpips"), options(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_another_quantizer_does_not_go_on(tiny_spec, tmp_path) -> None:
    train(tiny_spec(*AUTOENCODER, "training.steps=1"), options(tmp_path / "run"))
    changed = tiny_spec(*AUTOENCODER, "quantizer.decay=0.5")
    with pytest.raises(RunError, match=r"quantizer\.decay: 0\.99 in the run, 0\.5 now"):
        train(changed, options(tmp_path / "run", seed=None, resume=True))


@pytest.mark.parametrize("quantizer", ["vq", "simvq", "fsq"])
def test_micro_batches_make_the_step_of_the_batch(quantizer) -> None:
    """Not of lfq, whose entropy is that of the images that are worked on at once."""
    wanted = [LAYER, *AUTOENCODER, QUANTIZERS[quantizer]]
    assert_same(two_steps(wanted, ALONE, 4), two_steps(wanted, ALONE, 1))


@pytest.mark.exhaustive
def test_compiled_networks_make_the_same_steps(monkeypatch) -> None:
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    torch.compiler.reset()
    wanted = [LAYER, *AUTOENCODER]
    assert_same(two_steps(wanted, ALONE, 1, Execution(compiled=True)), two_steps(wanted, ALONE, 1))
    torch.compiler.reset()


def test_adaptive_weight_is_refused_with_the_compiler(tiny_spec, tmp_path) -> None:
    with pytest.raises(RequestError, match="adaptive"):
        train(tiny_spec(*AUTOENCODER, ADAPTIVE), options(tmp_path / "run", compiled=True))
    assert not (tmp_path / "run").exists()


def test_bfloat16_makes_about_the_same_steps(tiny_spec, tmp_path) -> None:
    exact, narrow = (
        train(tiny_spec(LAYER, *AUTOENCODER), options(tmp_path / name, precision=name)) for name in ("float32", "bf16")
    )
    for one, other in zip(lines(exact.folder), lines(narrow.folder), strict=True):
        for name in ("loss/l1", "loss/perceptual", "loss/discriminator"):
            assert other[name] == pytest.approx(one[name], rel=0.05)


def test_weights_follow_from_the_seed_and_the_generators_are_what_they_were(tiny_spec) -> None:
    spec = tiny_spec(*AUTOENCODER)
    one, other, third = (new_state(compile_spec(spec), spec.training, seed, torch.device("cpu")) for seed in (1, 1, 2))
    for role in ("encoder", "quantizer", "generator", "discriminator"):
        mine, same, seeded = (next(iter(each.networks[role].parameters())) for each in (one, other, third))
        assert torch.equal(mine, same)
        assert role == "discriminator" or not torch.equal(mine, seeded)
    alone = tiny_spec()
    plain = new_state(compile_spec(alone), alone.training, 1, torch.device("cpu"))
    theirs = plain.networks["discriminator"].state_dict()
    assert all(torch.equal(value, theirs[name]) for name, value in one.networks["discriminator"].state_dict().items())


def test_dead_codes_are_revived_after_25_steps(tiny_spec) -> None:
    spec = tiny_spec(*AUTOENCODER)
    trained = new_state(compile_spec(spec), spec.training, 1, torch.device("cpu"))
    book = trained.networks["quantizer"].choice
    assert bool((book.share < 0.1 / 9).all()), "no vector has chosen one yet"
    book.share.fill_(1 / 9)
    with torch.no_grad():
        book.share[:4] = 0
    for step, dead in ((24, 4), (25, 0)):
        trained.update((), step)
        trained.update(("quantizer",), step)
        assert int((book.share < 0.1 / 9).sum()) == dead


def test_footprint_counts_all_networks(tiny_spec) -> None:
    spec = tiny_spec(*AUTOENCODER)
    plan = compile_spec(spec)
    weights = {role: cost.parameters for role, cost in plan.costs().items()}
    least = 4 * (5 * sum(weights.values()) - weights["discriminator"])  # weights, gradients, two moments, the average
    found = measure_footprint(spec, plan)
    assert 0.7 * least < found.training_fixed
    assert found.training_per_image > 0


@pytest.fixture
def trained(tiny_spec, tmp_path) -> Path:
    return train(tiny_spec(*AUTOENCODER), options(tmp_path / "run")).checkpoint


def test_codes_are_enough_for_the_picture(trained) -> None:
    autoencoder = Autoencoder.from_pretrained(trained)
    fill(autoencoder.networks["generator"], scale=0.4)
    pictures = torch.randint(0, 256, (5, 8, 8, 3), dtype=torch.uint8).numpy()
    codes = autoencoder.encode(pictures, batch_size=2)
    assert codes.shape == (5, 4, 4)
    assert 0 <= codes.min() <= codes.max() < 9
    assert (autoencoder.decode(codes) == autoencoder.reconstruct(pictures)).all()
    changed = codes.copy()
    changed[0] = (changed[0] + 1) % 9
    assert (autoencoder.decode(changed)[0] != autoencoder.decode(codes)[0]).any()
    with pytest.raises(RequestError, match="has 9, from 0 to 8"):
        autoencoder.decode(codes + 9)
    with pytest.raises(RequestError, match=r"wants whole numbers \(N, 4, 4\)"):
        autoencoder.decode(codes[:, :2])
    with pytest.raises(RequestError, match="wants bytes"):
        autoencoder.encode(pictures[:, :4])


def test_grid_shows_pictures_above_their_reconstructions(trained) -> None:
    with Image.open(trained.parents[1] / "samples" / "step-00000004.png") as shown:
        grid = torch.frombuffer(bytearray(shown.tobytes()), dtype=torch.uint8).view(shown.height, shown.width, 3)
    with Image.open(trained.parents[1] / "samples" / "real.png") as shown:
        real = torch.frombuffer(bytearray(shown.tobytes()), dtype=torch.uint8).view(shown.height, shown.width, 3)
    side, padding = 8, (len(grid) - 6 * 8) // 7
    first, third = padding, padding + 2 * (side + padding)
    assert torch.equal(grid[first : first + side], real[first : first + side])
    below = padding + side + padding
    assert torch.equal(grid[third : third + side], real[below : below + side])
    pictures = grid[first : first + side, padding : padding + side]
    found = Autoencoder.from_pretrained(trained).reconstruct(pictures.unsqueeze(0).numpy())[0]
    assert (grid[below : below + side, padding : padding + side].numpy() == found).all()


def test_digest_is_of_all_three_networks(trained, tmp_path) -> None:
    one = Autoencoder.from_pretrained(trained).digest
    assert Autoencoder.from_pretrained(trained).digest == one
    for role in ("encoder", "quantizer", "generator"):
        other = Autoencoder.from_pretrained(trained)
        next(iter(other.networks[role].parameters())).data += 1
        assert other.digest != one, role
    assert "encoder_plan" in json.loads((trained / "config.json").read_text(encoding="utf-8"))


def test_no_seed_samples_an_autoencoder(trained) -> None:
    with pytest.raises(RequestError, match="no seed draws the codes"):
        load(trained)


def test_model_with_a_latent_has_no_codes(tiny_spec, tmp_path) -> None:
    place = train(tiny_spec("training.steps=1"), options(tmp_path / "run")).checkpoint
    with pytest.raises(RequestError, match="has no codes"):
        Autoencoder.from_pretrained(place)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["training.augment={kind: ada}"], "sees images as they are"),
        (["training.updates={discriminator: 2}"], "all networks of an autoencoder move at once"),
        (["training.ema.recalibrate=10"], "taken anew over samples of a latent"),
        (["evaluation.every=2"], "not evaluated in the course of its run"),
        (["training.reconstruction.adversarial={most: 9.0}"], "no effect on a weight that does not adapt itself"),
        (["generator.latent_dim=64"], "a decoder takes codes, and no latent"),
        (["data.range=imagenet"], r"in the range unit, \[-1, 1\], which its perceptual networks take"),
        (["data.channels=1", "training.reconstruction.perceptual=lpips"], "pictures of 3 channels, not 1"),
    ],
)
def test_what_does_not_go_with_an_encoder_is_told(tiny_spec, overrides, words) -> None:
    with pytest.raises(SpecError, match=words):
        compile_spec(tiny_spec(*AUTOENCODER, *overrides))


def test_what_is_for_autoencoders_alone_is_told(tiny_spec) -> None:
    with pytest.raises(SpecError, match="has no effect: the spec has no encoder") as caught:
        compile_spec(tiny_spec("training.reconstruction={pixels: l2}", "training.optimizer.encoder={clip_norm: 1.0}"))
    assert len(caught.value.problems) == 2


def test_weights_of_another_model_are_refused(trained, tiny_spec, tmp_path) -> None:
    other = train(tiny_spec(*AUTOENCODER, "quantizer.decay=0.5"), options(tmp_path / "other")).checkpoint
    (trained / "quantizer.safetensors").write_bytes((other / "quantizer.safetensors").read_bytes())
    (trained / "training" / "index.json").unlink()  # which would tell that the file was altered
    with pytest.raises(Exception, match="made for another quantizer"):
        Autoencoder.from_pretrained(trained)
    assert load_file(trained / "quantizer.safetensors")


def test_run_is_estimated(tiny_spec) -> None:
    spec = tiny_spec(*AUTOENCODER)
    found = estimate(spec, compile_spec(spec), options(Path("nowhere")), budget=0.1)
    assert found.seconds > 0
    assert found.checkpoint > 4 * sum(cost.parameters for cost in compile_spec(spec).costs().values())


def test_no_verb_of_seeds_takes_an_autoencoder(tiny_spec) -> None:
    with pytest.raises(RequestError, match="takes no latent but the codes of pictures"):
        latents_of_seeds([0], compile_spec(tiny_spec(*AUTOENCODER)).input_width)


def test_live_networks_go_together(tiny_spec, tmp_path) -> None:
    spec = tiny_spec(*AUTOENCODER, "training.ema=[{decay: 0.5, start_step: 0}, {decay: 0.9, start_step: 0}]")
    done = train(spec, options(tmp_path / "run"))
    for average, named in (("live", "{}"), ("0.9", "{}-average-0.9")):
        found = Autoencoder.from_pretrained(f"{done.folder}:{average}")
        for role, network in found.networks.items():
            held = load_file(done.checkpoint / "training" / f"{named.format(role)}.safetensors")
            for name, tensor in network.state_dict().items():
                assert torch.equal(tensor, held[name]), (average, role, name)


def test_checkpoint_with_a_damaged_encoder_is_passed_over(tiny_spec, tmp_path) -> None:
    train(tiny_spec(*AUTOENCODER, "training.steps=1"), options(tmp_path / "run"))
    last = train(tiny_spec(*AUTOENCODER, "training.steps=2"), options(tmp_path / "run", seed=None, resume=True))
    (last.checkpoint / "encoder.safetensors").write_bytes(b"cut")
    assert Autoencoder.from_pretrained(last.folder).name.endswith("00000001")


def test_run_begins_from_all_networks_of_another(trained, tiny_spec, tmp_path) -> None:
    said: list[str] = []

    class Notes(NoEvents):
        def noted(self, line: str) -> None:
            said.append(line)

    wanted = tiny_spec(*AUTOENCODER, "training.steps=1", "training.optimizer.learning_rate=1.0e-12")
    done = train(wanted, options(tmp_path / "more", init=str(trained)), Notes())
    for role in ("encoder", "quantizer"):
        mine, theirs = (load_file(place / f"{role}.safetensors") for place in (done.checkpoint, trained))
        assert all(torch.allclose(mine[name], value, atol=1e-6) for name, value in theirs.items() if "conv" in name)
        assert any(line.startswith(f"{role}: ") and "tensors loaded" in line for line in said)
