"""Losses and gradients of R3GAN, WGAN-GP and SAN as their public code computes them, in float64."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.san_logit import SanLogit, renormalize_directions
from hitzoo.objectives.alternating import Alternating
from hitzoo.objectives.augment.pipe import AugmentPipe
from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.objectives.critic import Answer, Critic, Question
from hitzoo.objectives.input_gradient import InputGradient, by_autograd, by_func
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.simultaneous import Simultaneous
from hitzoo.objectives.terms.hinge import HINGE
from hitzoo.objectives.terms.non_saturating import NON_SATURATING
from hitzoo.objectives.terms.r1 import R1
from hitzoo.objectives.terms.r2 import R2
from hitzoo.objectives.terms.relativistic import RELATIVISTIC
from hitzoo.objectives.terms.san import SanDirection
from hitzoo.objectives.terms.wgan_gp import WASSERSTEIN, Drift, GradientPenalty
from hitzoo.objectives.update import Inputs, Objective

GOLDEN = np.load(Path(__file__).parent / "golden" / "train_steps.npz")
META = json.loads(str(GOLDEN["meta"]))
CLOSE = {"rtol": 1e-9, "atol": 1e-9}


def golden(name: str) -> torch.Tensor:
    return torch.from_numpy(GOLDEN[name])


def filled(network: nn.Module, prefix: str) -> nn.Module:
    network.double()
    for name, weight in network.named_parameters():
        key = f"{prefix}.{name}"
        noise = np.random.default_rng([zlib.crc32(key.encode()), META["salt"]]).standard_normal(weight.shape)
        noise = noise.astype(np.float32).astype(np.float64)
        scale = 1.5 / np.sqrt(weight[0].numel()) if weight.dim() > 1 else 0.1
        weight.data.copy_(torch.from_numpy(noise * scale))
    return network


class Logits(nn.Sequential):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(images).squeeze(1)


class FixedShares(BatchRandom):
    """The shares of fake images in the stored mixtures."""

    def uniform(self) -> torch.Tensor:
        return 1 - golden("alpha").flatten()


def pair(input_gradient: InputGradient = by_autograd) -> dict[str, nn.Module]:
    generator = nn.Sequential(nn.Linear(8, 48), nn.LeakyReLU(0.2), nn.Linear(48, 48), nn.Unflatten(1, (3, 4, 4)))
    critic = Logits(nn.Conv2d(3, 8, 3, padding=1), nn.SiLU(), nn.Flatten(), nn.Linear(128, 1))
    return {"generator": filled(generator, "G"), "discriminator": Critic(filled(critic, "D"), input_gradient)}


def run(objective: Objective, networks: dict[str, nn.Module]) -> dict[str, float]:
    """All updates of a step without moving anything; their losses by name."""
    random = FixedShares(torch.Generator(), 6)
    given = Inputs(real=golden("real"), latents=golden("z"), random=random)
    found: dict[str, float] = {}
    for index, update in enumerate(objective.updates(1)):
        terms = update.gradients(networks, given, Moment(index=index)).terms
        found |= {name: value.item() for name, value in terms.items()}
    return found


def assert_gradients(network: nn.Module, folder: str) -> None:
    for name, weight in network.named_parameters():
        torch.testing.assert_close(weight.grad, golden(f"{folder}/{name.removeprefix('discriminator.')}"), **CLOSE)


@pytest.mark.parametrize("input_gradient", [by_autograd, by_func])
@pytest.mark.parametrize("order", [Simultaneous, Alternating])
@pytest.mark.parametrize("gamma", [2, 150])
def test_r3gan_step(gamma, order, input_gradient) -> None:
    networks = pair(input_gradient)
    half = gamma / 2
    losses = run(order(loss=RELATIVISTIC, penalties=(R1(half), R2(half)), batch_size=6), networks)
    assert sum(losses[name] for name in ("discriminator", "r1", "r2")) == pytest.approx(
        META[f"r3gan_plain_gamma{gamma}/D_loss"], rel=1e-12
    )
    assert losses["generator"] == pytest.approx(META["r3gan_plain/G_loss"], rel=1e-12)
    assert_gradients(networks["discriminator"], f"r3gan_plain_gamma{gamma}/D_grad")
    assert_gradients(networks["generator"], "r3gan_plain/G_grad")


@pytest.mark.parametrize("input_gradient", [by_autograd, by_func])
@pytest.mark.parametrize("order", [Simultaneous, Alternating])
def test_r3gan_step_with_augmentation(order, input_gradient) -> None:
    """Mirrored, 0.9 times as large and 0.1 brighter: penalties are by the images before that."""
    networks = pair(input_gradient)
    pipe = AugmentPipe(lambda images, random, strength: 0.9 * images.flip(-1) + 0.1)
    losses = run(order(loss=RELATIVISTIC, penalties=(R1(1.0), R2(1.0)), batch_size=6, augment_pipe=pipe), networks)
    assert sum(losses[name] for name in ("discriminator", "r1", "r2")) == pytest.approx(
        META["r3gan_aug_gamma2/D_loss"], rel=1e-12
    )
    assert losses["generator"] == pytest.approx(META["r3gan_aug/G_loss"], rel=1e-12)
    assert_gradients(networks["discriminator"], "r3gan_aug_gamma2/D_grad")
    assert_gradients(networks["generator"], "r3gan_aug/G_grad")


@pytest.mark.parametrize("order", [Simultaneous, Alternating])
@pytest.mark.parametrize("target", [1, 2])
def test_transgan_step(target, order) -> None:
    networks, expected = pair(), META[f"wgangp_phi{target}"]
    penalties = (GradientPenalty(10.0, float(target)), Drift(1e-3, of_mean=True))
    losses = run(order(loss=WASSERSTEIN, penalties=penalties, batch_size=6), networks)
    assert losses["wgan_gp"] == pytest.approx(10 / target**2 * expected["gp"], rel=1e-12)
    assert losses["drift"] == pytest.approx(expected["drift"], rel=1e-12)
    whole = losses["discriminator"] + losses["wgan_gp"] + losses["drift"]
    assert whole == pytest.approx(expected["D_loss"], rel=1e-12)
    assert losses["generator"] == pytest.approx(META["wgangp_G_loss"], rel=1e-12)
    assert_gradients(networks["discriminator"], f"wgangp_phi{target}/D_grad")
    assert_gradients(networks["generator"], "wgangp/G_grad")
    norm = torch.nn.utils.clip_grad_norm_(networks["generator"].parameters(), 5.0)
    assert norm.item() == pytest.approx(META["wgangp_G_then_clip5_total_norm"], rel=1e-9)


def san_layer() -> SanLogit:
    layer = SanLogit(6).double()
    layer.weight.data, layer.bias.data = golden("san/weight").flatten().clone(), golden("san/bias").clone()
    layer.scale.data = golden("san/scale").squeeze().clone()
    return layer


def judged(layer: SanLogit) -> tuple[dict[Question, Answer], dict[str, torch.Tensor]]:
    features = {on: golden(f"san/h_{on}").requires_grad_() for on in ("real", "fake")}
    rows = {on: layer(values, directions=True) for on, values in features.items()}
    return {Question(on): Answer(row[0], None, row[1]) for on, row in rows.items()}, features


def assert_san_gradients(layer: SanLogit, features: dict[str, torch.Tensor], folder: str) -> None:
    found = {"weight": layer.weight.grad[None], "bias": layer.bias.grad, "scale": layer.scale.grad[None]}
    found |= {f"h_{on}": values.grad for on, values in features.items()}
    for name, gradient in found.items():
        torch.testing.assert_close(gradient, golden(f"san/{folder}/{name}"), **CLOSE)


def test_san_logits_and_directions_have_the_stored_values() -> None:
    answers, _ = judged(san_layer())
    for on in ("real", "fake"):
        torch.testing.assert_close(answers[Question(on)].logits, golden(f"san/{on}_fun"), **CLOSE)
        torch.testing.assert_close(answers[Question(on)].directions, golden(f"san/{on}_dir"), **CLOSE)


@pytest.mark.parametrize(
    ("loss", "folder", "total"),
    [(HINGE, "D_grad", "D_total"), (NON_SATURATING, "D_grad_logistic", "D_total_logistic_fun")],
    ids=["hinge", "logistic"],
)
def test_san_discriminator_loss(loss, folder, total) -> None:
    layer, at = san_layer(), Moment()
    answers, features = judged(layer)
    whole = loss.discriminator(answers, at) + SanDirection()(answers, at)
    whole.backward()
    assert whole.item() == pytest.approx(META["san_losses"][total], rel=1e-12)
    assert_san_gradients(layer, features, folder)


def test_san_generator_loss_reaches_the_features() -> None:
    answers, features = judged(san_layer())
    loss = WASSERSTEIN.generator(answers, Moment())
    loss.backward()
    assert loss.item() == pytest.approx(META["san_losses"]["G_wasserstein"], rel=1e-12)
    torch.testing.assert_close(features["fake"].grad, golden("san/G_grad/h_fake"), **CLOSE)


def test_san_direction_is_of_length_one_after_an_update() -> None:
    layer = san_layer()
    before = layer(golden("san/h_real"))
    renormalize_directions(nn.Sequential(nn.Linear(2, 2), layer))
    torch.testing.assert_close(layer.weight[None], golden("san/weight_after_normalize"), **CLOSE)
    torch.testing.assert_close(layer(golden("san/h_real")), before, **CLOSE)


def test_san_begins_with_the_scale_of_its_kernel() -> None:
    torch.manual_seed(3)
    kernel = nn.init.xavier_uniform_(torch.empty(1, 6))
    torch.manual_seed(3)
    layer = SanLogit(6)
    torch.testing.assert_close(layer(torch.eye(6)), F.linear(torch.eye(6), kernel).squeeze(1))
