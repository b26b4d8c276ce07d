"""What the discriminator is asked in a step, eagerly and through the compiler."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import nn

from hitzoo.families.build import build_discriminator
from hitzoo.families.compile import compile_spec
from hitzoo.objectives.critic import Judge, Verdict
from hitzoo.objectives.input_gradient import LogitsAndSquares, by_autograd, by_func
from hitzoo.objectives.r1_without_double_backward import by_replay


def images(count: int, seed: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return (torch.rand(count, 3, 8, 8, dtype=torch.float64, generator=random) * 2 - 1).to(dtype)


@pytest.fixture
def discriminator(tiny_spec) -> Callable[..., nn.Module]:
    def make(*overrides: str, dtype: torch.dtype = torch.float64) -> nn.Module:
        torch.manual_seed(0)
        return build_discriminator(compile_spec(tiny_spec(*overrides))).to(dtype)

    return make


@pytest.mark.parametrize("input_gradient", [by_autograd, by_func, by_replay])
def test_a_verdict_is_what_the_discriminator_says(discriminator, input_gradient) -> None:
    network = discriminator()
    real, fake, augmented = images(3, 0), images(3, 1), images(6, 2)
    verdict = Judge(network, input_gradient)(real, fake, augmented, True)
    x = real.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(network(x).sum(), x)
    expected = Verdict(network(real), network(fake), network(augmented), gradient.square().sum((1, 2, 3)))
    for mine, theirs in zip(verdict, expected, strict=True):
        assert mine.requires_grad
        torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-12)
    assert verdict.squared_gradients.min() > 1e-3


def test_what_is_not_asked_is_not_there(discriminator) -> None:
    verdict = Judge(discriminator())(images(2, 0), images(2, 1), None, False)
    assert (verdict.augmented_logits, verdict.squared_gradients) == (None, None)


@pytest.mark.parametrize("input_gradient", [by_autograd, by_func, by_replay])
def test_all_that_it_says_is_float32_under_autocast(discriminator, input_gradient) -> None:
    network, real = discriminator(dtype=torch.float32), images(2, 0, torch.float32)
    exact = Judge(network, by_autograd)(real, real, real, True)
    with torch.autocast("cpu", torch.bfloat16):
        logits = network(real)
        verdict = Judge(network, input_gradient)(real, real, real, True)
    assert logits.dtype == torch.float32
    assert not torch.equal(logits, logits.bfloat16().float())  # taken in float32, not made so afterwards
    for mine, theirs in zip(verdict, exact, strict=True):
        assert mine.dtype == torch.float32
        torch.testing.assert_close(mine, theirs, rtol=0.05, atol=0.02)


def weighted(answers: Verdict | LogitsAndSquares) -> torch.Tensor:
    """A sum of all that is said, with factors of its own for each."""
    factors = (images(1, 3 + k, answer.dtype).flatten()[: len(answer)] for k, answer in enumerate(answers))
    return sum((answer * factor).sum() for answer, factor in zip(answers, factors, strict=True))


def assert_same_gradients(mine: nn.Module, theirs: nn.Module, tolerance: float) -> None:
    expected = {name: weight.grad for name, weight in theirs.named_parameters()}
    largest = float(max(gradient.abs().max() for gradient in expected.values()))
    assert largest > 0.1
    for name, weight in mine.named_parameters():
        torch.testing.assert_close(weight.grad, expected[name], rtol=tolerance, atol=tolerance * largest, msg=name)


@pytest.fixture
def compiled() -> Iterator[Callable[..., Callable[..., Any]]]:
    """torch.compile that refuses to leave anything to Python."""
    torch.compiler.reset()
    yield lambda function, backend: torch.compile(function, fullgraph=True, dynamic=False, backend=backend)
    torch.compiler.reset()


CASES = {
    "published": [],
    "equalized, average": ["discriminator.equalized=true", "discriminator.downsample=average"],
    "minibatch_std": ["discriminator.minibatch_std=2"],
}


@pytest.mark.parametrize("overrides", CASES.values(), ids=CASES.keys())
def test_compiled_it_has_the_eager_gradient(discriminator, compiled, overrides) -> None:
    network = discriminator(*overrides)
    other, given = deepcopy(network), (images(4, 0), images(4, 1), images(8, 2), True)
    weighted(Judge(network, by_autograd)(*given)).backward()
    weighted(compiled(Judge(other, by_func), "aot_eager")(*given)).backward()
    assert_same_gradients(other, network, 1e-10)


def test_the_compiled_penalty_has_a_gradient_by_every_kernel(discriminator, compiled) -> None:
    """Which a compiler that drops the double backward loses; by biases, such networks have none."""
    network = discriminator()
    verdict = compiled(Judge(network, by_func), "aot_eager")(images(4, 0), images(4, 1), None, True)
    verdict.squared_gradients.sum().backward()
    for name, weight in network.named_parameters():
        if weight.dim() > 1:
            assert weight.grad is not None, name
            assert weight.grad.abs().max() > 1e-3, name


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("c++") is None and shutil.which("g++") is None, reason="there is no C++ compiler")
def test_compiled_to_machine_code_the_penalty_has_the_eager_gradient(
    discriminator, compiled, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    from torch._inductor import config as inductor

    network = discriminator(dtype=torch.float32)
    other, real = deepcopy(network), images(4, 0, torch.float32)
    weighted(by_autograd(network, real)).backward()
    with inductor.patch({"cpp.simdlen": 1}):  # the C++ compiler is done sooner
        weighted(compiled(lambda x: by_func(other, x), "inductor")(real)).backward()
    assert_same_gradients(other, network, 1e-4)
