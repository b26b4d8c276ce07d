from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.objectives.build import objective_of
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.update import Inputs
from hitzoo.runtime.live_bytes import LiveBytes
from hitzoo.training.engine.execution import DEFAULT
from hitzoo.training.engine.memory_estimate import measure_footprint
from hitzoo.training.engine.state import new_state

BOTH = "training.regularizers=[{kind: r1}, {kind: bcr}]"

CASES = {
    "all-to-all attention": ["generator.stages[1].attention=global"],
    "axial attention": ["generator.stages[1].attention=axial"],
    "r1": [],
    "r1 and bcr": [BOTH],
    "no penalty": ["training.regularizers=[]"],
    "minibatch_std": ["discriminator.minibatch_std=4"],
    "grey, layer norm": ["data.channels=1", "generator.norm=layer"],
    "computed again": ["training.activation_checkpointing=all", "generator.stages[1].depth=3"],
    "several averages": ["training.ema=[{decay: 0.9}, {decay: 0.99}, {decay: 0.999}, {decay: 0.9999}]"],
    "groups": ["training.norm_statistics=4"],
    "ada": ["training.augment={kind: ada, transforms: [blit, geometry, color, filter, noise, cutout]}"],
    "diffaugment": ["training.augment={kind: diffaugment, policy: [color, translation, cutout, erase, hue]}"],
    "relativistic, san": [
        "training.loss=relativistic",
        "discriminator.san=true",
        "training.regularizers=[{kind: r1, method: finite_difference, fraction: 0.5}, {kind: r2}]",
    ],
}

JUDGED_BY_ATTENTION = [
    "discriminator={family: transgan, patch_size: 1, stages: [{channels: 8, heads: 2, depth: 2}]}",
    "discriminator.relative_position=false",
    "generator.stages[1].attention=none",
]
CASES |= {
    "r1 through attention": JUDGED_BY_ATTENTION,
    "r1 through attention, computed again": [*JUDGED_BY_ATTENTION, "training.activation_checkpointing=all"],
    "attention without a penalty": [*JUDGED_BY_ATTENTION, "training.regularizers=[]"],
}


def real_peak(spec, batch: int) -> int:
    """Bytes at the height of the second step of real training, when the optimizers have their moments."""
    plan = compile_spec(spec)
    side, channels = plan.generator.resolution, spec.data.channels
    z, real = torch.randn(batch, 6), torch.rand(batch, side, side, channels).permute(0, 3, 1, 2)
    with LiveBytes() as memory:
        state = new_state(plan, spec.training, 0, torch.device("cpu"))
        (update,) = DEFAULT.objective(objective_of(spec, batch), state.networks).updates(1)
        for step in (1, 2):
            state.forget_gradients()
            given = Inputs(real=real, latents=z, random=BatchRandom(torch.Generator(), batch))
            update.gradients(DEFAULT.networks(state.networks), given, Moment())
            state.update(update.moves, step)
    return memory.peak


@pytest.mark.parametrize("overrides", CASES.values(), ids=CASES.keys())
def test_the_prediction_is_what_training_takes(tiny_spec, overrides) -> None:
    spec = tiny_spec(*overrides)
    footprint = measure_footprint(spec, compile_spec(spec))
    small, large = (real_peak(spec, batch) for batch in (16, 64))
    assert footprint.training_per_image == pytest.approx((large - small) / 48, rel=0.05)
    assert footprint.training_fixed + 64 * footprint.training_per_image == pytest.approx(large, rel=0.2)


def test_activation_checkpointing_takes_less(tiny_spec) -> None:
    deep = "generator.stages[1].depth=6"
    sizes = [
        measure_footprint(spec, compile_spec(spec)).training_per_image
        for spec in (tiny_spec(deep, f"training.activation_checkpointing={words}") for words in ("none", "[4]", "all"))
    ]
    assert sizes[2] < 0.7 * sizes[0]
    assert sizes[2] <= sizes[1] <= sizes[0]


def count(network: torch.nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


@pytest.mark.parametrize(
    ("optimizer", "moments"),
    [("{form: keras, betas: [0.0, 0.99]}", 1), ("{form: keras, betas: [0.5, 0.99]}", 2), ("{form: torch}", 2)],
)
def test_what_does_not_grow_with_the_batch(tiny_spec, optimizer, moments) -> None:
    """Weights, gradients and moments of both networks, and the average with its running statistics."""
    spec = tiny_spec(f"training.optimizer={optimizer.replace('{', '{kind: adam, ')}")
    plan = compile_spec(spec)
    networks = new_state(plan, spec.training, 0, torch.device("cpu")).networks
    statistics = sum(tensor.numel() for tensor in networks["generator"].buffers())
    assert statistics > 0
    both = sum(map(count, networks.values()))
    expected = 4 * ((2 + moments) * both + count(networks["generator"]) + statistics)
    assert measure_footprint(spec, plan).training_fixed == expected


def test_every_average_is_counted(tiny_spec) -> None:
    one, three = (
        measure_footprint(spec, compile_spec(spec))
        for spec in (tiny_spec(), tiny_spec("training.ema=[{decay: 0.9}, {decay: 0.99}, {decay: 0.999}]"))
    )
    state = new_state(compile_spec(tiny_spec()), tiny_spec().training, 0, torch.device("cpu"))
    weights = sum(4 * tensor.numel() for tensor in state.networks["generator"].state_dict().values())
    assert three.training_fixed - one.training_fixed == 2 * weights


def test_the_same_spec_is_measured_once(tiny_spec, monkeypatch) -> None:
    spec = tiny_spec("training.batch_size=12")
    plan = compile_spec(spec)
    first = measure_footprint(spec, plan)
    monkeypatch.setattr(
        "hitzoo.training.engine.memory_estimate.build_network", lambda *_: pytest.fail("measured again")
    )
    assert measure_footprint(tiny_spec("training.batch_size=12"), compile_spec(spec)) == first
    with pytest.raises(pytest.fail.Exception):
        measure_footprint(tiny_spec("training.batch_size=20"), plan)


def test_sections_without_a_hash_are_measured_each_time(tiny_spec) -> None:
    """As a family outside this package may have them."""
    spec = tiny_spec()
    plan = replace(compile_spec(spec), notes=["a list"])
    assert measure_footprint(spec, plan) == measure_footprint(spec, compile_spec(spec))


@pytest.mark.exhaustive
def test_transgan_at_256_trains_within_20_gb() -> None:
    """With the `--batch-per-device 2` that the spec's header names; 600 MB are Python's and torch's."""
    spec = load_spec("transgan-celebahq256")
    found = measure_footprint(spec, compile_spec(spec))
    assert found.training_fixed + 2 * found.training_per_image + 6e8 <= 20e9
