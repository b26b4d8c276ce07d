"""Questions to the discriminator, answered eagerly and through the compiler."""

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
from hitzoo.objectives.critic import Critic, Judgement, Question, ask
from hitzoo.objectives.input_gradient import by_autograd, by_func, squares
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


def flat(answers: tuple[Judgement, ...]) -> list[torch.Tensor]:
    """All tensors of some answers."""
    return [tensor for answer in answers for tensor in answer if tensor is not None]


@pytest.mark.parametrize("input_gradient", [by_autograd, by_func, by_replay])
def test_answers_are_the_discriminators_in_the_order_of_the_questions(discriminator, input_gradient) -> None:
    network = discriminator()
    real, fake = images(3, 0), images(6, 1)
    answers = Critic(network, input_gradient)((real, fake, real), (True, False, False))
    x = real.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(network(x).sum(), x)
    assert [answer.gradient is None for answer in answers] == [False, True, True]
    expected = [network(real), gradient, network(fake), network(real)]
    for mine, theirs in zip(flat(answers), expected, strict=True):
        assert mine.requires_grad
        torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-12)
    assert answers[0].gradient.abs().amax((1, 2, 3)).min() > 1e-3


class Places(nn.Module):
    """Four logits per image, one for each quarter."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.square().unfold(2, 4, 4).unfold(3, 4, 4).sum(dim=(1, 4, 5)).flatten(1)


@pytest.mark.parametrize("input_gradient", [by_autograd, by_func])
def test_gradient_of_several_logits_is_that_of_their_mean(input_gradient) -> None:
    real = images(3, 0)
    (answer,) = Critic(Places(), input_gradient)((real,), (True,))
    assert answer.logits.shape == (3, 4)
    torch.testing.assert_close(answer.logits.sum(dim=1), real.square().sum(dim=(1, 2, 3)))
    torch.testing.assert_close(answer.gradient, 2 * real / 4)


@pytest.mark.parametrize("input_gradient", [by_autograd, by_func, by_replay])
def test_answers_are_float32_under_autocast(discriminator, input_gradient) -> None:
    network, real = discriminator(dtype=torch.float32), images(2, 0, torch.float32)
    given = ((real, real), (True, False))
    exact = Critic(network, by_autograd)(*given)
    with torch.autocast("cpu", torch.bfloat16):
        logits = network(real)
        answers = Critic(network, input_gradient)(*given)
    assert logits.dtype == torch.float32
    assert not torch.equal(logits, logits.bfloat16().float())  # taken in float32, not made so afterwards
    for mine, theirs in zip(flat(answers), flat(exact), strict=True):
        assert mine.dtype == torch.float32
        torch.testing.assert_close(mine, theirs, rtol=0.05, atol=0.02)


@pytest.mark.parametrize("input_gradient", [by_autograd, by_func, by_replay])
def test_images_that_want_a_gradient_get_that_of_the_logits(discriminator, input_gradient) -> None:
    """As a generator's loss does where a penalty takes the gradient of fake images."""
    network, fake = discriminator(), images(3, 1).requires_grad_()
    (answer,) = Critic(network, input_gradient)((fake,), (True,))
    (found,) = torch.autograd.grad((answer.logits * torch.tensor([1.0, -2.0, 0.5])).sum(), fake)
    (expected,) = torch.autograd.grad((network(fake) * torch.tensor([1.0, -2.0, 0.5])).sum(), fake)
    assert expected.abs().max() > 1e-3
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


def batch() -> dict[str, torch.Tensor]:
    return {"real": images(4, 0), "fake": images(4, 1), "real_augmented": images(4, 2), "fake_augmented": images(4, 3)}


def test_questions_about_the_same_images_share_one_pass(discriminator) -> None:
    network = discriminator()
    calls: list[int] = []
    network.register_forward_hook(lambda module, given, _: calls.append(len(given[0])))
    with_gradient, without = Question("real", gradient=True), Question("real")
    answers = ask(Critic(network), {with_gradient, without}, batch())
    assert calls == [4]
    assert answers[with_gradient] is answers[without]
    assert answers[with_gradient].squared_gradient is not None


def test_images_nobody_asks_about_are_not_judged(discriminator) -> None:
    network = discriminator()
    calls: list[torch.Tensor] = []
    network.register_forward_hook(lambda module, given, _: calls.append(given[0]))
    (answer,) = ask(Critic(network), {Question("fake")}, batch()).values()
    assert answer.squared_gradient is None
    assert len(calls) == 1
    assert torch.equal(calls[0], batch()["fake"])


def test_augmented_images_are_judged_as_one_batch(discriminator) -> None:
    """With a minibatch deviation it matters: real ones alone get other logits."""
    network = discriminator("discriminator.minibatch_std=4")
    given = batch()
    answers = ask(Critic(network), {Question("real_augmented"), Question("fake_augmented", gradient=True)}, given)
    both = network(torch.cat((given["real_augmented"], given["fake_augmented"])))
    real, fake = answers[Question("real_augmented")], answers[Question("fake_augmented", gradient=True)]
    torch.testing.assert_close(real.logits, both[:4])
    torch.testing.assert_close(fake.logits, both[4:])
    assert fake.squared_gradient.shape == (4,)
    assert not torch.allclose(real.logits, network(given["real_augmented"]), rtol=1e-4)


def weighted(answers: list[torch.Tensor] | tuple[torch.Tensor, ...]) -> torch.Tensor:
    """A sum of all that is said, of gradients their squared norms, with factors of its own for each."""
    answers = [squares(answer) if answer.dim() > 1 else answer for answer in answers]
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
    other, given = deepcopy(network), ((images(4, 1), images(4, 0), images(8, 2)), (False, True, False))
    weighted(flat(Critic(network, by_autograd)(*given))).backward()
    weighted(flat(compiled(Critic(other, by_func), "aot_eager")(*given))).backward()
    assert_same_gradients(other, network, 1e-10)


def test_the_compiled_penalty_has_a_gradient_by_every_kernel(discriminator, compiled) -> None:
    """Which a compiler that drops the double backward loses; by biases, such networks have none."""
    network = discriminator()
    answers = compiled(Critic(network, by_func), "aot_eager")((images(4, 1), images(4, 0)), (False, True))
    answers[1].gradient.square().sum().backward()
    for name, weight in network.named_parameters():
        if weight.dim() > 1:
            assert weight.grad is not None, name
            assert weight.grad.abs().max() > 1e-3, name


@pytest.mark.exhaustive
@pytest.mark.processes
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
