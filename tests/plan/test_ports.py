"""Rows of inputs: what each port takes of them, and networks whose ports do not meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
import torch

from hitzoo.errors import SpecError
from hitzoo.families import compile as compiling
from hitzoo.families.compile import compile_spec
from hitzoo.families.family import Family
from hitzoo.layers.inputs import split_inputs
from hitzoo.plan.network import NetworkPlan, PlainNetwork
from hitzoo.plan.ports import Codes, Image, Labels, Latent, Logits, Noise, Port, input_width
from hitzoo.plan.role import Role
from hitzoo.plan.table import Row
from hitzoo.sampling.latents import latents_of_seeds, truncated
from hitzoo.spec.types import Spec

PORTS = (Noise((2, 3)), Latent(4), Labels(5))


def test_row_holds_the_numbers_of_all_ports_in_their_order() -> None:
    assert input_width(PORTS) == 11
    rows = torch.arange(22.0).view(2, 11)
    noise, z, labels = split_inputs(rows, PORTS)
    assert torch.equal(noise, rows[:, :6].view(2, 2, 3))
    assert torch.equal(z, rows[:, 6:10])
    assert labels.tolist() == [4, 4]  # far out in the upper tail


def test_labels_of_seeds_are_all_classes_equally_often() -> None:
    rows = torch.from_numpy(latents_of_seeds(range(4000), 11))
    _, _, labels = split_inputs(rows, PORTS)
    counts = torch.bincount(labels, minlength=5)
    assert len(counts) == 5
    assert counts.min() > 700  # of 800 expected, whose deviation is 25
    extremes = torch.tensor([[-40.0], [-1e-9], [0.0], [40.0]])
    assert split_inputs(extremes, (Labels(2),))[0].tolist() == [0, 0, 1, 1]


def test_truncation_scales_latents_alone() -> None:
    rows = np.ones((2, 11), dtype=np.float32)
    assert truncated(rows, PORTS, 0.5)[0].tolist() == [1] * 6 + [0.5] * 4 + [1]


@dataclass(frozen=True)
class Odd(PlainNetwork):
    """A network with ports of the test's choice."""

    takes: tuple[Port, ...] = ()
    gives: Port = field(default_factory=Logits)
    family: str = "odd"

    def rows(self) -> tuple[Row, ...]:
        return ()


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> Callable[[Role, NetworkPlan], None]:
    """Let the family of a role plan this network, whatever its section says."""
    families: dict[Role, Family[Any, Any]] = {}
    real = compiling.family_of
    monkeypatch.setattr(compiling, "family_of", lambda role, name: families.get(role) or real(role, name))

    def use(role: Role, plan: NetworkPlan) -> None:
        own = real(role, {"generator": "hit"}.get(role, "stylegan2"))
        families[role] = replace(own, plan=lambda *_: plan, outline=None)

    return use


@pytest.mark.parametrize(
    ("role", "plan", "message"),
    [
        (
            "generator",
            Odd(takes=(Latent(2), Codes(4, 8)), gives=Image(32, 3)),
            "the family odd takes Codes(side=4, width=8), which no seed draws",
        ),
        (
            "generator",
            Odd(takes=(Latent(2),), gives=Codes(4, 8)),
            "the family odd gives Codes(side=4, width=8); asked for: images of 3 channels",
        ),
        (
            "generator",
            Odd(takes=(Latent(2),), gives=Image(32, 1)),
            "the family odd gives Image(side=32, channels=1); asked for: images of 3 channels",
        ),
        (
            "generator",
            Odd(takes=(Latent(2),), gives=Image(64, 3)),
            "the generator's images have a side of 64, not the wanted 32\n"
            "  change the generator, or set data.resolution: 64",
        ),
        (
            "discriminator",
            Odd(takes=(Image(32, 3), Labels(2))),
            "the family odd takes Image(side=32, channels=3), Labels(count=2) and gives Logits(places=1);"
            " asked for: Image(side=32, channels=3) and Logits",
        ),
    ],
)
def test_networks_whose_ports_do_not_meet_are_refused(
    planned: Callable[[Role, NetworkPlan], None], tiny_spec: Spec, role: Role, plan: NetworkPlan, message: str
) -> None:
    planned(role, plan)
    with pytest.raises(SpecError) as caught:
        compile_spec(tiny_spec)
    assert message in str(caught.value)
