"""The wavelet discriminator against a second writing of it, and against stored outputs of the published code."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
import torch

from hitzoo.errors import SpecError
from hitzoo.families.build import build_discriminator
from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.plan.table import network_cost
from tests.families.styleswin.variables import GOLDEN, TINY, noise, variables
from tests.families.wavelet.reference import wavelet
from tests.plan.test_activations import kept_by_parts
from tests.plan.test_modules import measured

SPECTRAL = pytest.mark.parametrize("spectral", [False, True], ids=["equalized", "spectral"])


@cache
def plan_of(spectral: bool, stages: int = 3, channels: str = "[6, 8]") -> ModelPlan:
    generator = TINY[: TINY.index("  stages:")] + "  stages:\n" + "    - {channels: 8, depth: 1}\n" * stages
    words = f"family: wavelet, spectral_norm: {str(spectral).lower()}" + (f", channels: {channels}" if channels else "")
    return compile_spec(parse_spec(f"{generator}discriminator: {{{words}}}\ntraining: {{batch_size: 8}}\n"))


def filled(plan: ModelPlan, dtype: torch.dtype) -> tuple[torch.nn.Module, dict[str, torch.Tensor]]:
    """A discriminator in evaluation by the recipe of the golden vectors, and its weights by their published names."""
    listed = [one for one in variables(plan, "discriminator") if one.ours]
    values: dict[str, np.ndarray] = {}
    for one in listed:
        if one.theirs.endswith(("weight_u", "weight_v")):
            continue
        plain = one.theirs.endswith("weight_orig")
        s = 0.1 if one.theirs.endswith("bias") else 1 / math.sqrt(math.prod(one.shape[1:])) if plain else 1.0
        values[one.theirs] = np.float32(s) * noise(one.theirs, one.shape)
        if plain:
            name, matrix = one.theirs.removesuffix("weight_orig"), values[one.theirs].reshape(one.shape[0], -1)
            u = noise(f"{name}weight_u", one.shape[:1]).astype(np.float64)
            v = matrix.astype(np.float64).T @ (u / np.linalg.norm(u))
            values[f"{name}weight_u"] = (u / np.linalg.norm(u)).astype(np.float32)
            values[f"{name}weight_v"] = (v / np.linalg.norm(v)).astype(np.float32)
    network = build_discriminator(plan)
    network.load_state_dict({one.ours: torch.from_numpy(values[one.theirs]) for one in listed})
    return network.to(dtype).eval(), {name: torch.from_numpy(value).to(dtype) for name, value in values.items()}


def images(count: int, side: int) -> torch.Tensor:
    drawn = np.random.default_rng([0, 101]).uniform(-1, 1, (count, 3, side, side))
    return torch.from_numpy(drawn.astype(np.float32))


@SPECTRAL
@torch.no_grad()
def test_logits_are_those_of_the_reference(spectral: bool) -> None:
    network, weights = filled(plan_of(spectral), torch.float64)
    x = images(8, 16).double()
    torch.testing.assert_close(network(x), wavelet(weights, x), rtol=1e-10, atol=1e-10)


@pytest.mark.exhaustive
@SPECTRAL
@torch.no_grad()
def test_logit_is_that_of_the_published_code(spectral: bool) -> None:
    network, _ = filled(plan_of(spectral, 7, ""), torch.float32)
    stored = np.load(GOLDEN / "styleswin256.npz")["dsn_logits1" if spectral else "d_logits1"]
    np.testing.assert_allclose(network(images(1, 256))[:, None], stored, atol=2e-6)


@pytest.mark.parametrize(
    ("spectral", "stages", "parameters"),
    [(False, 7, 26_211_073), (True, 7, 26_211_585), (False, 9, 27_736_129), (True, 9, 27_736_641)],
)
def test_parameters_are_those_of_the_published_code(spectral: bool, stages: int, parameters: int) -> None:
    assert plan_of(spectral, stages, "").costs()["discriminator"].parameters == parameters


@torch.no_grad()
def test_stored_estimate_moves_by_a_step_in_training_alone() -> None:
    network, weights = filled(plan_of(True), torch.float64)
    own, matrix = network.head.logit.spectral, weights["final_linear.2.weight_orig"].flatten(1)
    conv, inner = network.blocks[0].conv1.spectral, weights["convs.0.conv1.0.weight_orig"].flatten(1)
    before = conv.u.clone()
    network(images(4, 16).double())
    assert torch.equal(conv.u, before)
    network.train()(images(4, 16).double())
    v = torch.nn.functional.normalize(inner.T @ before, dim=0)
    torch.testing.assert_close(conv.v, v)
    torch.testing.assert_close(conv.u, torch.nn.functional.normalize(inner @ v, dim=0))
    torch.testing.assert_close(own().norm(), torch.ones((), dtype=torch.float64))  # one row: its norm is the value
    assert matrix.shape[0] == 1


@SPECTRAL
def test_costs_are_those_of_the_module(spectral: bool) -> None:
    plan = plan_of(spectral)
    network, rows = build_discriminator(plan), plan.discriminator.rows()
    said = network_cost(plan.discriminator)
    with torch.device("meta"):
        assert measured(build_discriminator(plan), 3, 16, 16) == type(said)(said.parameters, said.flops)
    few, many = (kept_by_parts(network, rows, images(batch, 16)) for batch in (8, 16))
    for row in rows:
        assert row.cost.activations == pytest.approx((many[row.name] - few[row.name]) / 8, rel=2e-3), row.name


def test_only_the_equalized_form_is_computed_again() -> None:
    assert plan_of(False).discriminator.parts == (("blocks.0", 8),)
    assert plan_of(True).discriminator.parts == ()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("channels: [4]", "1 widths for 2 maps\n  one each for 8, 4"),
        ("minibatch_std: 3", "groups of 3 do not divide the batch of 8"),
    ],
)
def test_what_does_not_fit_is_said(words: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        compile_spec(parse_spec(f"{TINY}discriminator: {{family: wavelet, {words}}}\ntraining: {{batch_size: 8}}\n"))
    assert message in str(caught.value)


def test_other_sides_are_refused() -> None:
    text = TINY.replace("  stages:", "  initial_size: 3\n  stages:") + "discriminator: {family: wavelet}\n"
    with pytest.raises(SpecError, match="a side of 12 cannot be halved down to 4"):
        compile_spec(parse_spec(text))
