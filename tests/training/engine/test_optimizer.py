from __future__ import annotations

import pytest
import torch
from torch import nn

from hitzoo.spec.types import AdamSpec
from hitzoo.training.engine.keras_adam import KerasAdam
from hitzoo.training.engine.optimizer import build_optimizer, kept_per_weight

RATE, BETA2, EPSILON = 0.01, 0.99, 1e-2  # an epsilon that shows


def weights() -> list[nn.Parameter]:
    random = torch.Generator().manual_seed(0)
    return [
        nn.Parameter(torch.randn(3, dtype=torch.float64, generator=random)),
        nn.Parameter(torch.randn(2, 2, dtype=torch.float64, generator=random)),
    ]


def give_gradients(parameters: list[nn.Parameter], step: int) -> None:
    random = torch.Generator().manual_seed(100 + step)
    for parameter in parameters:
        parameter.grad = torch.randn(parameter.shape, dtype=torch.float64, generator=random)


def numbers(parameters: list[nn.Parameter]) -> list[float]:
    return [value for parameter in parameters for value in parameter.detach().flatten().tolist()]


@pytest.mark.parametrize("beta1", [0.0, 0.9])
def test_keras_adam_is_its_formula(beta1) -> None:
    mine, plain = weights(), numbers(weights())
    optimizer = KerasAdam(mine, lr=RATE, betas=(beta1, BETA2), eps=EPSILON)
    m, v = [0.0] * len(plain), [0.0] * len(plain)
    for t in range(1, 6):
        give_gradients(mine, t)
        gradients = [value for parameter in mine for value in parameter.grad.flatten().tolist()]
        optimizer.step()
        for i, g in enumerate(gradients):
            m[i] = beta1 * m[i] + (1 - beta1) * g
            v[i] = BETA2 * v[i] + (1 - BETA2) * g * g
            rate = RATE * (1 - BETA2**t) ** 0.5 / (1 - beta1**t)
            plain[i] -= rate * m[i] / (v[i] ** 0.5 + EPSILON)
        assert numbers(mine) == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize("beta1", [0.0, 0.9])
def test_keras_adam_is_torchs_with_an_epsilon_that_changes_by_step(beta1) -> None:
    mine, theirs = weights(), weights()
    keras = KerasAdam(mine, lr=RATE, betas=(beta1, BETA2), eps=EPSILON)
    usual = torch.optim.Adam(theirs, lr=RATE, betas=(beta1, BETA2))
    for t in range(1, 6):
        give_gradients(mine, t)
        give_gradients(theirs, t)
        usual.param_groups[0]["eps"] = EPSILON / (1 - BETA2**t) ** 0.5
        keras.step()
        usual.step()
        assert numbers(mine) == pytest.approx(numbers(theirs), rel=1e-10)


def test_keras_adam_is_not_torchs_with_the_same_epsilon() -> None:
    mine, theirs = weights(), weights()
    for parameters, kind in ((mine, KerasAdam), (theirs, torch.optim.Adam)):
        give_gradients(parameters, 1)
        kind(parameters, lr=RATE, betas=(0.0, BETA2), eps=EPSILON).step()
    assert numbers(mine) != pytest.approx(numbers(theirs), rel=1e-5)


def test_without_beta1_no_average_of_the_gradient_is_kept() -> None:
    for beta1, kept in ((0.0, {"exp_avg_sq"}), (0.9, {"exp_avg_sq", "exp_avg"})):
        parameters = weights()
        optimizer = KerasAdam(parameters, lr=RATE, betas=(beta1, BETA2))
        give_gradients(parameters, 1)
        optimizer.step()
        assert {name for parameter in parameters for name in optimizer.state[parameter]} == kept


def test_gradients_are_not_used_up() -> None:
    parameters = weights()
    give_gradients(parameters, 1)
    kept = [parameter.grad.clone() for parameter in parameters]
    optimizer = KerasAdam(parameters, lr=RATE, betas=(0.0, BETA2))
    optimizer.step()
    assert all(torch.equal(parameter.grad, old) for parameter, old in zip(parameters, kept, strict=True))


@pytest.mark.parametrize(
    ("form", "epsilon", "kind", "used"),
    [
        ("keras", None, KerasAdam, 1e-7),
        ("torch", None, torch.optim.Adam, 1e-8),
        ("keras", 1e-5, KerasAdam, 1e-5),
        ("torch", 0.0, torch.optim.Adam, 0.0),
    ],
)
def test_a_spec_names_the_form_and_may_name_epsilon(form, epsilon, kind, used) -> None:
    spec = AdamSpec(form=form, learning_rate=0.125, betas=(0.25, 0.75), epsilon=epsilon)
    optimizer = build_optimizer(spec, weights())
    group = optimizer.param_groups[0]
    assert type(optimizer) is kind
    assert (group["lr"], group["betas"], group["eps"]) == (0.125, (0.25, 0.75), used)


@pytest.mark.parametrize(
    ("form", "betas", "kept"),
    [
        ("keras", (0.0, 0.99), {"exp_avg_sq": True}),
        ("keras", (0.5, 0.99), {"exp_avg_sq": True, "exp_avg": True}),
        ("torch", (0.0, 0.99), {"exp_avg_sq": True, "exp_avg": True, "step": False}),
    ],
)
def test_quantities_kept_are_those_of_an_update(form, betas, kept) -> None:
    parameters = weights()
    optimizer = build_optimizer(AdamSpec(form=form, betas=betas), parameters)
    assert kept_per_weight(optimizer) == kept
    assert not optimizer.state  # nothing was done to its own weights
    give_gradients(parameters, 1)
    optimizer.step()
    assert all(optimizer.state[parameter].keys() == kept.keys() for parameter in parameters)


def test_quantities_kept_are_found_for_any_optimizer() -> None:
    assert kept_per_weight(torch.optim.SGD(weights(), lr=0.1, momentum=0.9)) == {"momentum_buffer": True}
    assert kept_per_weight(torch.optim.RMSprop(weights(), lr=0.1)) == {"step": False, "square_avg": True}
