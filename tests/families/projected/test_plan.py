"""The plan of a projected discriminator: sides, widths and costs by arithmetic, and as built."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from hitzoo.errors import SpecError
from hitzoo.families.build import build_discriminator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.families.projected.efficientnet_lite import SCALES, flops_of, parameters_of, widths_of
from hitzoo.families.projected.plan import ProjectedDiscriminatorPlan
from hitzoo.plan.ports import Logits
from hitzoo.plan.table import network_cost
from tests.plan.test_activations import kept_by_parts
from tests.support import TINY_HIT

EXHAUSTIVE = pytest.mark.exhaustive


def plan_of(words: str = "", *overrides: str) -> ProjectedDiscriminatorPlan:
    section = f"discriminator={{family: projected{words}}}"
    plan = compile_spec(parse_spec(TINY_HIT, "tiny", [section, *overrides])).discriminator
    assert isinstance(plan, ProjectedDiscriminatorPlan)
    return plan


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name[-1] == "0" else EXHAUSTIVE) for name in SCALES])
def test_arithmetic_of_the_frozen_network_is_timms(name: str) -> None:
    timm = pytest.importorskip("timm")
    with torch.device("meta"):
        network = timm.create_model(name, features_only=True, out_indices=(1, 2, 3, 4)).eval()
        with FlopCounterMode(display=False) as counter:
            network(torch.empty(1, 3, 96, 96))
    assert tuple(network.feature_info.channels()) == widths_of(name)
    assert sum(weight.numel() for weight in network.parameters()) == parameters_of(name)
    assert counter.get_total_flops() == flops_of(name, 96)


@pytest.mark.parametrize(
    "words",
    [
        ", channels: 8, input_size: 64",
        *(pytest.param(words, marks=EXHAUSTIVE) for words in ("", ", mixing: cross_channel", ", mixing: none")),
    ],
)
def test_rows_add_up_to_the_module(words: str) -> None:
    pytest.importorskip("timm")
    plan = plan_of(words)
    with torch.device("meta"):
        network = build_discriminator(
            compile_spec(parse_spec(TINY_HIT, "", [f"discriminator={{family: projected{words}}}"]))
        )
        images = {batch: torch.empty(batch, 3, 8, 8) for batch in (8, 16)}
        with FlopCounterMode(display=False) as counter:
            network(images[8])
        kept = {batch: kept_by_parts(network, plan.rows(), given) for batch, given in images.items()}
    cost = network_cost(plan)
    assert cost.parameters == sum(weight.numel() for weight in network.parameters())
    assert counter.get_total_flops() == 8 * cost.flops
    for row in plan.rows():
        assert row.cost.activations == (kept[16][row.name] - kept[8][row.name]) / 8, row.name


@pytest.mark.parametrize(
    ("side", "words", "seen"), [(8, "", 224), (256, "", 256), (1000, "", 992), (8, ", input_size: 64", 64)]
)
def test_side_that_the_frozen_network_sees(side: int, words: str, seen: int) -> None:
    stages = "generator.stages=[{channels: 4, heads: 1, depth: 0, attention: none}]"
    plan = plan_of(words, f"generator.initial_size={side}", stages)
    assert plan.resolution == side
    assert plan.input_size == seen
    assert plan.sides == (seen // 4, seen // 8, seen // 16, seen // 32)


@pytest.mark.parametrize(
    ("side", "layers", "last"),
    [
        (32, [3, 2, 1, 1], 1),
        (96, [3, 2, 1, 1], 3),
        (224, [3, 2, 1, 1], 7),
        (256, [4, 3, 2, 1], 4),
        (288, [4, 3, 2, 1], 4),
    ],
)
def test_heads_end_at_one_side_with_a_hidden_layer_each(side: int, layers: list[int], last: int) -> None:
    plan = plan_of(f", input_size: {side}")
    assert [len(plan.layers(level)) for level in range(4)] == layers
    assert plan.last_side == last
    assert plan.gives == Logits(4 * last**2)
    for level, start in enumerate(plan.sides):
        assert start // 2 ** sum(stride == 2 for _, _, stride in plan.layers(level)) == last


def test_widths_double_up_to_the_widest() -> None:
    plan = plan_of(", channels: 16")
    assert plan.widths == (16, 32, 64, 128)
    assert [plan.layers(level) for level in (0, 2, 3)] == [
        ((16, 32, 2), (32, 64, 2), (64, 128, 2)),
        ((64, 128, 2),),
        ((128, 128, 1),),
    ]
    assert plan_of(", mixing: none").widths == (24, 40, 112, 320)


def test_identity_tells_weights_and_mixing_apart() -> None:
    def hash_of(words: str) -> str:
        section = f"discriminator={{family: projected{words}}}"
        return compile_spec(parse_spec(TINY_HIT, "tiny", [section])).discriminator_hash

    words = ["", f", weights: {'a' * 64}", ", mixing_seed: 1", ", mixing: none", ", channels: 32", ", input_size: 32"]
    assert len({hash_of(each) for each in words}) == len(words)
    assert hash_of("") == hash_of(", mixing_seed: 0, input_size: 224")


def test_transparency_is_refused() -> None:
    with pytest.raises(SpecError, match=r"(?s)sees colours, no transparency.*set data.channels: 3"):
        plan_of("", "data.channels=4")


def test_notes_tell_what_differs_from_the_paper() -> None:
    def notes_of(*overrides: str) -> list[str]:
        spec = parse_spec(TINY_HIT, "tiny", ["discriminator={family: projected}", *overrides])
        return [note for note in compile_spec(spec).notes if "statistics" not in note]

    seen, loss, penalty = notes_of("training.loss=non_saturating")
    assert seen.startswith(
        "the discriminator sees images at 224×224; 2.96 M weights of tf_efficientnet_lite0 are frozen"
    )
    assert "training.loss: hinge" in loss
    assert "without r1" in penalty
    assert notes_of("training.loss=hinge", "training.regularizers=[]") == [seen]
