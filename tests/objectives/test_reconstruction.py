"""An autoencoder's step against its losses taken apart, when its adversarial term counts, and how much."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.families.build import build_network
from hitzoo.families.compile import compile_spec
from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.objectives.build import objective_of
from hitzoo.objectives.critic import Critic
from hitzoo.objectives.losses import Losses
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.perceptual import Perceptual
from hitzoo.objectives.update import Inputs
from tests.support import fill
from tests.training.two_processes import AUTOENCODER, float64

ROLES = ("encoder", "quantizer", "generator", "discriminator")
GRADIENT_BOOK = "quantizer={family: vq, codes: 9, width: 3}"
PENALTY = "training.regularizers=[{kind: r1, weight: 3.0, interval: 2}]"


@pytest.fixture
def parts(tiny_spec):
    """Networks in float64 with weights that matter, and what they are trained by."""

    def make(*overrides: str):
        spec = tiny_spec("generator.norm=layer", *AUTOENCODER, GRADIENT_BOOK, PENALTY, *overrides)
        torch.manual_seed(0)
        plan = compile_spec(spec)
        networks = {role: fill(build_network(plan, role).double(), scale=0.4) for role in ROLES}
        return networks, objective_of(spec)

    with float64():
        yield make


def inputs(share: float = 1.0) -> Inputs:
    real = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(1)).tanh()
    random = BatchRandom(torch.Generator().manual_seed(2), 4)
    return Inputs(real=real, latents=torch.empty(0, 0), random=random, share=share)


def step(networks: dict[str, nn.Module], objective, at: Moment, share: float = 1.0) -> Losses:
    for network in networks.values():
        network.zero_grad()
    (update,) = objective.updates(at.step)
    assert set(update.moves) == set(ROLES)
    assert (update.images, update.latents) == (4, 0)
    ready = {**networks, "discriminator": Critic(networks["discriminator"])}
    return update.gradients(ready, inputs(share), at)


def gradients(networks: dict[str, nn.Module]) -> dict[str, torch.Tensor]:
    return {
        f"{role} {name}": weight.grad
        for role, network in networks.items()
        for name, weight in network.named_parameters()
        if weight.grad is not None
    }


def assert_close(mine: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> None:
    assert mine.keys() == theirs.keys()
    for name, value in mine.items():
        torch.testing.assert_close(value, theirs[name], rtol=1e-9, atol=1e-12, msg=lambda text, name=name: name + text)


@pytest.mark.parametrize("pixels", ["l1", "l2"])
def test_gradients_are_those_of_the_losses_taken_apart(parts, pixels) -> None:
    weights = "pixel_weight: 2.0, perceptual: random, perceptual_weight: 0.5, adversarial: {weight: 0.3}"
    networks, objective = parts(f"training.reconstruction={{pixels: {pixels}, {weights}}}")
    other = deepcopy(networks)
    losses = step(networks, objective, Moment(3, 100), share=0.5)

    real = inputs().real
    quantized = other["quantizer"](other["encoder"](real))
    fake = other["generator"](quantized.codes)
    apart = (fake - real).abs().mean() if pixels == "l1" else (fake - real).square().mean()
    perceptual = Perceptual("random")(real, fake).mean()
    game = F.softplus(-other["discriminator"](fake)).mean()
    whole = 2 * apart + 0.5 * perceptual + 0.3 * game + quantized.loss
    (0.5 * whole).backward()
    other["discriminator"].zero_grad()
    x = real.clone().requires_grad_()
    of_real, of_fake = other["discriminator"](x), other["discriminator"](fake.detach())
    (slope,) = torch.autograd.grad(of_real.sum(), x, create_graph=True)
    r1 = 3 * slope.square().sum() / 4
    (0.5 * (F.softplus(-of_real).mean() + F.softplus(of_fake).mean() + 2 * r1)).backward()
    assert_close(gradients(networks), gradients(other))

    torch.testing.assert_close(losses.terms[pixels], 2 * apart.detach())
    torch.testing.assert_close(losses.terms["perceptual"], 0.5 * perceptual.detach())
    torch.testing.assert_close(losses.terms["quantizer"], quantized.loss.detach())
    torch.testing.assert_close(losses.terms["generator"], game.detach())
    torch.testing.assert_close(losses.terms["r1"], r1.detach())


def test_every_weight_of_all_networks_learns(parts) -> None:
    networks, objective = parts()
    step(networks, objective, Moment(1, 100))
    for name, value in gradients(networks).items():
        assert value.abs().max() > 0, name
    assert len(gradients(networks)) == sum(len(list(network.parameters())) for network in networks.values())


def test_term_waits_for_its_start_and_the_discriminator_does_not(parts) -> None:
    wanted = "training.reconstruction={perceptual: none, adversarial: {weight: %s, start: 40}}"
    networks, objective = parts(wanted % 0.5)
    without, silent = parts(wanted % 0.0)
    for images, counts in ((39, False), (40, True)):
        step(networks, objective, Moment(1, images))
        step(without, silent, Moment(1, images))
        mine, theirs = gradients(networks), gradients(without)
        same = {name for name, value in mine.items() if torch.equal(value, theirs[name])}
        assert ({name for name in mine if name.startswith("discriminator")}) <= same
        assert (same != mine.keys()) is counts
        assert all(mine[name].abs().max() > 0 for name in mine if name.startswith("discriminator"))


def test_adaptive_weight_is_the_ratio_of_gradients_at_the_last_kernel(parts) -> None:
    wanted = "training.reconstruction={perceptual: none, adversarial: {weight: %s, adaptive: %s, most: %s}}"
    networks, objective = parts(wanted % (0.8, "true", 1e4))
    other = deepcopy(networks)
    losses = step(networks, objective, Moment(2, 100))

    real = inputs().real
    fake = other["generator"](other["quantizer"](other["encoder"](real)).codes)
    last = other["generator"].stages[-1].to_rgb.linear.weight
    (of_rec,) = torch.autograd.grad((fake - real).abs().mean(), last, retain_graph=True)
    (of_game,) = torch.autograd.grad(F.softplus(-other["discriminator"](fake)).mean(), last)
    free = of_rec.norm() / (of_game.norm() + 1e-4)
    torch.testing.assert_close(losses.measures["adaptive_weight"], free)
    assert losses.measures["adaptive_weight/clipped"] == 0

    fixed, plain = parts(wanted % (0.8 * free.item(), "false", 1e4))
    step(fixed, plain, Moment(2, 100))
    assert_close(gradients(networks), gradients(fixed))

    limited, clipped = parts(wanted % (0.8, "true", 0.5 * free.item()))
    told = step(limited, clipped, Moment(2, 100)).measures
    torch.testing.assert_close(told["adaptive_weight"], 0.5 * free)
    assert told["adaptive_weight/clipped"] == 1


def test_use_of_the_codes_is_told(parts) -> None:
    networks, objective = parts()
    measures = step(networks, objective, Moment()).measures
    indices = networks["quantizer"](networks["encoder"](inputs().real)).indices
    shares = torch.bincount(indices.flatten(), minlength=9) / indices.numel()
    torch.testing.assert_close(measures["codes/usage"], (shares > 0).double().mean(), check_dtype=False)
    entropy = -(shares[shares > 0] * shares[shares > 0].log()).sum()
    torch.testing.assert_close(measures["codes/perplexity"], entropy.exp(), check_dtype=False)


def test_passes_count_all_networks(parts) -> None:
    _, objective = parts()
    assert objective.passes() == {"encoder": 3, "quantizer": 3, "generator": 3, "discriminator": 3 * 2 + 3 / 2 + 1}
