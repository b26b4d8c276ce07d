"""VQGAN's encoder and decoder: published counts, a straight-line reference, costs, and what does not fit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from hitzoo.errors import SpecError
from hitzoo.families.build import build_network
from hitzoo.families.compile import compile_generator, compile_spec
from hitzoo.families.load import load_spec, parse_spec
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.ports import Codes
from hitzoo.plan.table import network_cost
from tests.plan.test_activations import kept_by_parts

TEXT = """
hitzoo: 1
name: small
encoder: {family: vq_encoder, channels: [4, 8, 8], attention: [4], groups: 2, width: 6}
quantizer: {family: vq, codes: 7, width: 5}
generator: {family: conv_decoder, initial_size: 4, channels: [8, 8, 4], attention: [4], groups: 2}
discriminator: {family: stylegan2, channels: [4, 4, 4]}
"""


def plan(*overrides: str) -> ModelPlan:
    return compile_spec(parse_spec(TEXT, overrides=overrides))


def test_f16_has_the_published_counts() -> None:
    costs = compile_spec(load_spec("vq-conv-imagenet256")).costs()
    parts = {role: costs[role].parameters for role in ("encoder", "quantizer", "generator")}
    assert (parts["encoder"], parts["generator"]) == (29_298_176, 42_449_795)
    assert sum(parts.values()) == 72_141_699


def disturbed(network: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
    return network.double()


class Straight:
    """The networks as they are described: names of the blocks, one after another."""

    def __init__(self, state: dict[str, torch.Tensor]) -> None:
        self.state, self.next = state, 0

    def conv(self, part: str, x: torch.Tensor, **options: int) -> torch.Tensor:
        name = f"blocks.{self.next}.{part}"
        return F.conv2d(x, self.state[f"{name}.weight"], self.state[f"{name}.bias"], **options)

    def normed(self, part: str, x: torch.Tensor) -> torch.Tensor:
        name, groups = f"blocks.{self.next}.{part}", 2
        split = x.unflatten(1, (groups, -1))
        mean = split.mean(dim=(2, 3, 4), keepdim=True)
        variance = (split - mean).square().mean(dim=(2, 3, 4), keepdim=True)
        whitened = ((split - mean) / (variance + 1e-6).sqrt()).flatten(1, 2)
        return whitened * self.state[f"{name}.weight"][:, None, None] + self.state[f"{name}.bias"][:, None, None]

    def plain(self, x: torch.Tensor) -> torch.Tensor:
        return self._after(self.conv("conv", x, padding=1))

    def residual(self, x: torch.Tensor) -> torch.Tensor:
        main = x
        for number in (1, 2):
            main = self.normed(f"norm{number}", main)
            main = self.conv(f"conv{number}", main * main.sigmoid(), padding=1)
        wider = f"blocks.{self.next}.skip.weight" in self.state
        return self._after(main + (self.conv("skip", x) if wider else x))

    def attention(self, x: torch.Tensor) -> torch.Tensor:
        normed = self.normed("norm", x)
        query, key, value = (self.conv(part, normed).flatten(2) for part in ("query", "key", "value"))
        chance = torch.einsum("bcq,bck->bqk", query, key).div(x.shape[1] ** 0.5).softmax(dim=2)
        return self._after(x + self.conv("out", torch.einsum("bqk,bck->bcq", chance, value).view(x.shape)))

    def down(self, x: torch.Tensor) -> torch.Tensor:
        wider = torch.zeros(*x.shape[:2], x.shape[2] + 1, x.shape[3] + 1, dtype=x.dtype)
        wider[..., :-1, :-1] = x
        return self._after(self.conv("conv", wider, stride=2))

    def up(self, x: torch.Tensor) -> torch.Tensor:
        return self._after(self.conv("conv", x.repeat_interleave(2, -1).repeat_interleave(2, -2), padding=1))

    def head(self, x: torch.Tensor) -> torch.Tensor:
        normed = self.normed("norm", x)
        return self._after(self.conv("conv", normed * normed.sigmoid(), padding=1))

    def _after(self, x: torch.Tensor) -> torch.Tensor:
        self.next += 1
        return x


def walked(state: dict[str, torch.Tensor], x: torch.Tensor, *names: str) -> torch.Tensor:
    straight = Straight(state)
    for name in names:
        step: Callable[[torch.Tensor], torch.Tensor] = getattr(straight, name)
        x = step(x)
    assert not any(key.startswith(f"blocks.{straight.next}.") for key in state)
    return x


MIDDLE = ("residual", "attention", "residual")
LAST = ("residual", "attention") * 2


def test_encoder_is_its_description() -> None:
    encoder = disturbed(build_network(plan(), "encoder"))
    x = torch.randn(2, 3, 16, 16, dtype=torch.float64)
    names = ("plain", *("residual", "residual", "down") * 2, *LAST, *MIDDLE, "head")
    with torch.no_grad():
        torch.testing.assert_close(encoder(x), walked(encoder.state_dict(), x, *names), rtol=1e-10, atol=1e-10)


def test_decoder_is_its_description() -> None:
    decoder = disturbed(build_network(plan(), "generator"))
    x = torch.randn(2, 6, 4, 4, dtype=torch.float64)
    first = ("residual", "attention") * 3
    names = ("plain", *MIDDLE, *first, "up", *["residual"] * 3, "up", *["residual"] * 3, "head")
    with torch.no_grad():
        torch.testing.assert_close(decoder(x), walked(decoder.state_dict(), x, *names), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("quantizer", ["vq", "simvq", "fsq", "lfq"])
def test_costs_are_those_of_the_modules(quantizer: str) -> None:
    small = plan(f"quantizer={{family: {quantizer}}}")
    shapes = {"encoder": (3, 16, 16), "quantizer": (6, 4, 4), "generator": (6, 4, 4)}
    for role, shape in shapes.items():
        own = small.networks[role]
        with torch.device("meta"):
            network = build_network(small, role)
        if role == "quantizer":  # FLOPs of SimVQ's layer are of the book, not of an image
            assert sum(weight.numel() for weight in network.parameters()) == network_cost(own).parameters
            continue
        counter = FlopCounterMode(display=False)
        with counter, torch.no_grad():
            network(torch.empty(2, *shape, device="meta"))
        said = network_cost(own)
        assert (said.parameters, said.flops) == (
            sum(weight.numel() for weight in network.parameters()),
            counter.get_total_flops() // 2,
        )


def test_activations_are_those_that_are_kept() -> None:
    small = plan()
    for role, shape in {"encoder": (3, 16, 16), "generator": (6, 4, 4)}.items():
        network, rows = build_network(small, role), small.networks[role].rows()
        few, many = (kept_by_parts(network, rows, torch.randn(batch, *shape)) for batch in (2, 4))
        measured = sum(many.values()) - sum(few.values())
        assert sum(row.cost.activations for row in rows) == pytest.approx(measured / 2, rel=0.02)


@pytest.mark.parametrize("role", ["encoder", "generator"])
def test_every_weight_gets_a_gradient(role: str) -> None:
    network = build_network(plan(), role)
    network(torch.randn(2, *((3, 16, 16) if role == "encoder" else (6, 4, 4)))).square().sum().backward()
    keys = "key.bias"  # shifts all logits of a row alike
    assert all(weight.grad.abs().max() > 0 for name, weight in network.named_parameters() if not name.endswith(keys))


def test_rows_know_their_resolutions() -> None:
    sides = [row.resolution for row in plan().networks["encoder"].rows()]
    assert (sides[0], sides[-1]) == (16, 4)
    assert sides == sorted(sides, reverse=True)
    assert plan().codes == Codes(4, 6, 7)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("encoder.channels=[4, 7, 8]", "2 groups do not divide 7 channels"),
        ("encoder.channels=[4, 8]", "first map has a side of 4, and the encoder's map of codes 8"),
        ("encoder.channels=[4, 4, 4, 4, 4, 4]", "a side of 16 cannot be halved 5 times"),
        ("generator={family: convnet, initial_size: 4, channels: [8, 8, 8]}", "takes Latent(dim=256)"),
        ("quantizer={family: fsq, levels: [200, 200, 200, 200]}", "are more than"),
        ("quantizer={family: vq, learned_by: ema, codebook_weight: 0.5}", "codebook_weight has no effect"),
    ],
)
def test_misfits_are_told(override: str, words: str) -> None:
    with pytest.raises(SpecError) as caught:
        plan(override)
    assert any(words in str(problem) for problem in caught.value.problems)


def test_decoder_without_an_encoder_is_told() -> None:
    text = "\n".join(line for line in TEXT.splitlines() if not line.startswith(("encoder", "quantizer")))
    with pytest.raises(SpecError, match="takes codes, and there is nothing that makes them"):
        compile_spec(parse_spec(text))
    text = "\n".join(line for line in TEXT.splitlines() if not line.startswith("quantizer"))
    with pytest.raises(SpecError, match="encoder without quantizer"):
        compile_generator(parse_spec(text))
