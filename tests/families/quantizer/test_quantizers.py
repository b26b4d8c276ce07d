"""Quantizers against loops, their gradients, and what they keep of the past."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch

from hitzoo.families.build import build_network
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.layers.code_book import CodeBook, LinearCodeBook
from hitzoo.layers.rounding import FiniteScalar, Sign
from tests.families.vqgan.test_vqgan import TEXT

K, D, N = 5, 3, 40


def book(**changes: object) -> CodeBook:
    torch.manual_seed(1)
    given = {
        "codes": K,
        "width": D,
        "averaged": False,
        "unit_length": False,
        "codebook_weight": 1.0,
        "commitment_weight": 0.25,
        "decay": 0.9,
        "revive_below": 0.1,
    }
    made = CodeBook(**(given | changes))  # type: ignore[arg-type]
    with torch.no_grad():
        kept = made.total if made.averaged else made.weight
        kept.copy_(torch.randn(K, D) / (K if made.averaged else 1))
        made.share.fill_(1 / K)
    return made.double()


def vectors() -> torch.Tensor:
    torch.manual_seed(2)
    return torch.randn(N, D, dtype=torch.float64, requires_grad=True)


def chosen_by_loop(z: torch.Tensor, codes: torch.Tensor) -> list[int]:
    return [min(range(len(codes)), key=lambda k: float((one - codes[k]).square().sum())) for one in z.detach()]


@pytest.mark.parametrize("averaged", [False, True])
@pytest.mark.parametrize("unit_length", [False, True])
def test_book_gives_the_nearest_code(averaged: bool, unit_length: bool) -> None:
    own, z = book(averaged=averaged, unit_length=unit_length), vectors()
    compared = z / z.norm(dim=1, keepdim=True) if unit_length else z
    before = own.book.detach().clone()
    codes, indices, loss = own(z)
    wanted = chosen_by_loop(compared, before)
    assert indices.tolist() == wanted
    torch.testing.assert_close(codes, before[wanted])
    squares = (compared - before[wanted]).square().mean()
    torch.testing.assert_close(loss, (0.25 + (0 if averaged else 1)) * squares)
    assert torch.equal(own.eval().look_up(indices), own.book[indices])


def test_book_hands_the_gradient_straight_through() -> None:
    own, z = book(codebook_weight=0.0, commitment_weight=0.0), vectors()
    by_codes = torch.randn(N, D, dtype=torch.float64)
    codes, _, _ = own(z)
    (codes * by_codes).sum().backward()
    assert torch.equal(z.grad, by_codes)


def test_book_and_commitment_pull_each_at_its_own() -> None:
    own, z = book(), vectors()
    _, indices, loss = own(z)
    loss.backward()
    apart = z.detach() - own.weight.detach()[indices]
    torch.testing.assert_close(z.grad, 0.25 * 2 * apart / apart.numel())
    by_hand = torch.zeros_like(own.weight).index_add_(0, indices, -2 * apart / apart.numel())
    torch.testing.assert_close(own.weight.grad, by_hand)


def test_averaged_book_moves_to_the_means_of_those_that_chose() -> None:
    own, z = book(averaged=True, decay=0.0), vectors()
    _, indices, _ = own(z)
    for k in set(indices.tolist()):
        torch.testing.assert_close(own.book[k], z[indices == k].mean(dim=0).detach())
    torch.testing.assert_close(own.share, torch.bincount(indices, minlength=K) / N, check_dtype=False)


def test_first_vectors_of_a_code_are_its_place() -> None:
    fresh = CodeBook(
        codes=K,
        width=D,
        averaged=True,
        unit_length=False,
        codebook_weight=1.0,
        commitment_weight=0.25,
        decay=0.99,
        revive_below=0.1,
    ).double()
    z = vectors()
    _, indices, _ = fresh(z)
    for k in set(indices.tolist()):
        torch.testing.assert_close(fresh.book[k], z[indices == k].mean(dim=0).detach(), rtol=0, atol=0.05)


@pytest.mark.parametrize("averaged", [False, True])
def test_mean_of_two_halves_is_the_whole(averaged: bool) -> None:
    """What RunningStatistics does to pieces and processes."""
    z = vectors().detach()
    after = []
    for part in (z, z[::2], z[1::2]):
        own = book(averaged=averaged)
        own(part)
        after.append({name: buffer.clone() for name, buffer in own.named_buffers()})
    whole, *halves = after
    for name, value in whole.items():
        torch.testing.assert_close(value, (halves[0][name] + halves[1][name]) / 2)


def test_evaluation_changes_nothing() -> None:
    own = book(averaged=True).eval()
    before = {name: value.clone() for name, value in own.state_dict().items()}
    own(vectors())
    assert all(torch.equal(value, before[name]) for name, value in own.state_dict().items())


@pytest.mark.parametrize("averaged", [False, True])
def test_dead_code_takes_half_of_the_largest_cell(averaged: bool) -> None:
    own = book(averaged=averaged)
    own.share.copy_(torch.tensor([0.4, 0.3, 0.3, 0.0, 1e-3]))
    own.distance.copy_(torch.tensor([0.1, 0.6, 0.2, 0.0, 0.9]))
    if averaged:
        own.total.copy_(torch.randn(K, D) * own.share.unsqueeze(1))
    before, noise = own.book.detach().clone(), torch.randn(K, D, dtype=torch.float64)
    own.revive(noise)
    for dead, donor, share, distance in ((3, 1, 0.3, 0.6), (4, 2, 0.3, 0.2)):
        wide = math.sqrt(distance / (share * D))
        torch.testing.assert_close(own.book[dead].detach(), before[donor] + 0.1 * wide * noise[dead])
    torch.testing.assert_close(own.book[:3].detach(), before[:3])
    torch.testing.assert_close(own.share, torch.tensor([0.4, 0.15, 0.15, 0.15, 0.15]).double())
    torch.testing.assert_close(own.distance, torch.tensor([0.1, 0.3, 0.1, 0.3, 0.1]).double())


def test_more_dead_than_living_leaves_the_rest() -> None:
    own = book()
    own.share.copy_(torch.tensor([1.0, 0, 0, 0, 0]))
    before = own.weight.detach().clone()
    own.revive(torch.zeros(K, D, dtype=torch.float64))
    assert torch.equal(own.weight[1], before[0])
    assert torch.equal(own.weight[2:], before[2:])


def test_living_codes_are_left_alone() -> None:
    own = book()
    before = {name: value.clone() for name, value in own.state_dict().items()}
    own.revive(torch.randn(K, D, dtype=torch.float64))
    assert all(torch.equal(value, before[name]) for name, value in own.state_dict().items())


def test_linear_book_learns_by_its_layer_alone() -> None:
    torch.manual_seed(0)
    own, z = LinearCodeBook(codes=K, width=D, commitment_weight=0.25).double(), vectors()
    codes, indices, loss = own(z)
    table = own.weight @ own.linear.weight.T
    assert indices.tolist() == chosen_by_loop(z, table.detach())
    torch.testing.assert_close(codes, table.detach()[indices])
    torch.testing.assert_close(loss, 1.25 * (z - table[indices]).square().mean())
    loss.backward()
    assert [name for name, weight in own.named_parameters() if weight.grad is not None] == ["linear.weight"]


@pytest.mark.parametrize("levels", ["8,5,5,5", "2,3,4"])
def test_finite_scalar_reaches_every_code_by_its_number(levels: str) -> None:
    own, sizes = FiniteScalar(levels=levels).double(), [int(level) for level in levels.split(",")]
    count = math.prod(sizes)
    codes = own.look_up(torch.arange(count))
    grid = [[(digit - size // 2) / (size // 2) for digit in range(size)] for size in sizes]
    wanted = {tuple(row[::-1]) for row in product(*grid[::-1])}
    assert {tuple(row) for row in codes.tolist()} == wanted
    extremes = torch.tensor(list(product((-9.0, 0.0, 9.0), repeat=len(sizes)))).double()
    found, indices, loss = own(extremes)
    torch.testing.assert_close(found, own.look_up(indices), check_dtype=False)
    assert found.min() == -1  # tanh's ends are levels
    assert loss == 0


def test_finite_scalar_rounds_between_its_levels() -> None:
    own = FiniteScalar(levels="5")
    z = torch.linspace(-3, 3, 301).unsqueeze(1).requires_grad_()
    codes, indices, _ = own(z)
    bounded = 2 * 1.001 * z.detach().tanh()
    assert torch.equal(codes.detach(), (bounded.round() / 2))
    assert indices.unique().tolist() == [0, 1, 2, 3, 4]
    codes.sum().backward()
    torch.testing.assert_close(z.grad, 1.001 * (1 - z.detach().tanh() ** 2))


def test_sign_and_its_entropies() -> None:
    own, z = Sign(width=D, commitment_weight=0.25, entropy_weight=0.5, temperature=2.0).double(), vectors()
    codes, indices, loss = own(z)
    table = torch.tensor(list(product((-1.0, 1.0), repeat=D))).flip(1).double()
    assert torch.equal(own.look_up(torch.arange(2**D)).double(), table)
    assert indices.tolist() == chosen_by_loop(z, table)
    torch.testing.assert_close(codes, table[indices])
    chance = (-(z[:, None] - table).square().sum(-1) / 2.0).softmax(dim=1)
    certain = -(chance * chance.log()).sum(dim=1).mean()
    single = [chance[:, table[:, i] > 0].sum(dim=1).mean() for i in range(D)]
    even = sum(-p * p.log() - (1 - p) * (1 - p).log() for p in single)
    torch.testing.assert_close(loss, 0.25 * (z - table[indices]).square().mean() + 0.5 * (certain - even))


@pytest.mark.parametrize(
    "quantizer",
    ["{family: vq, learned_by: ema, codes: 7}", "{family: simvq, codes: 7}", "{family: fsq}", "{family: lfq, bits: 4}"],
)
def test_numbers_are_enough_for_the_map(quantizer: str) -> None:
    plan = compile_spec(parse_spec(TEXT, overrides=[f"quantizer={quantizer}"]))
    torch.manual_seed(0)
    own = build_network(plan, "quantizer").eval()
    z = torch.randn(2, 6, 4, 4, requires_grad=True)
    found = own(z)
    assert found.codes.shape == z.shape
    assert found.indices.shape == (2, 4, 4)
    assert found.indices.max() < plan.codes.count
    torch.testing.assert_close(own.look_up(found.indices), found.codes)
    found.codes.square().sum().backward()
    assert z.grad.abs().max() > 0


def test_choice_is_made_in_float32_under_autocast() -> None:
    own = build_network(compile_spec(parse_spec(TEXT)), "quantizer").eval()
    with torch.autocast("cpu", torch.bfloat16):
        found = own(torch.randn(1, 6, 4, 4))
    assert (found.codes.dtype, found.loss.dtype) == (torch.bfloat16, torch.float32)
