"""Whole networks whose stages and blocks are computed again in the backward pass."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy

import pytest
import torch
from torch import nn

from hitzoo.families.build import build
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.layers.batch_statistics import GhostStatistics
from hitzoo.layers.norm import BATCH_NORM_MOMENTUM, BatchNorm
from hitzoo.objectives.input_gradient import by_autograd, by_func
from hitzoo.training.engine.activation_checkpointing import use_activation_checkpointing
from hitzoo.training.engine.norm_statistics import use_norm_statistics
from hitzoo.training.engine.state import new_state
from tests.support import fill

CONVNET = """
hitzoo: 1
name: small
generator: {family: convnet, latent_dim: 6, channels: [8, 6, 4]}
discriminator: {family: stylegan2, channels: [4, 4, 4]}
training: {batch_size: 4}
"""
STAGE = "{channels: 8, depth: 1, heads: 2, attention: multi_axis}"
HIT = [
    f"generator.stages=[{STAGE}, {STAGE}, {{channels: 4, depth: 1, heads: 2, attention: none}}]",
    "discriminator.channels=[4, 6, 8]",
]
GENERATORS = {
    "batch norm": [],
    "layer norm": ["generator.norm=layer"],
    "groups": ["training.norm_statistics=2"],
    "no tokens": ["generator.latent_tokens=0"],
    "every stage adds to the image": ["generator.stages[0].to_rgb=true"],
}


def networks(spec) -> tuple[nn.Module, nn.Module]:
    generator, discriminator = (fill(network.double(), scale=0.4) for network in build(compile_spec(spec)))
    use_norm_statistics(generator, spec.training)
    return generator, discriminator


def computed(network: nn.Module) -> Counter[str]:
    """How often each part is, from now on."""
    counts: Counter[str] = Counter()
    names = {module: name for name, module in network.named_modules()}
    for path, _ in network.plan.parts:
        part = network.get_submodule(path)
        part.register_forward_pre_hook(lambda module, _: counts.update([names[module]]))
    return counts


def assert_as_kept(kept: nn.Module, again: nn.Module, z: torch.Tensor) -> None:
    outs = []
    for network in (kept, again):
        out = network(z)
        random = torch.Generator().manual_seed(3)
        (out * torch.randn(out.shape, dtype=out.dtype, generator=random)).sum().backward()
        outs.append(out)
    torch.testing.assert_close(outs[1], outs[0], rtol=1e-12, atol=1e-12)
    for (name, mine), theirs in zip(again.named_parameters(), kept.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-10, atol=1e-12, msg=name)
    for (name, mine), theirs in zip(again.named_buffers(), kept.buffers(), strict=True):
        assert torch.equal(mine, theirs), name
    assert {module.momentum for module in again.modules() if isinstance(module, BatchNorm)} <= {BATCH_NORM_MOMENTUM}


@pytest.mark.parametrize(
    ("wanted", "twice"), [("all", {0, 1, 2}), ("[8]", {1}), ("[4, 16]", {0, 2})], ids=["all", "one", "two"]
)
@pytest.mark.parametrize("overrides", GENERATORS.values(), ids=GENERATORS.keys())
def test_the_generator(tiny_spec, overrides, wanted, twice) -> None:
    spec = tiny_spec(*HIT, *overrides, f"training.activation_checkpointing={wanted}")
    kept, _ = networks(spec)
    again = deepcopy(kept)
    use_activation_checkpointing(again, again.plan, spec.training)
    counts = computed(again)
    assert_as_kept(kept, again, torch.randn(4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0)))
    assert counts == {f"stages.{index}": 1 + (index in twice) for index in range(3)}
    if "training.norm_statistics=2" in overrides:
        assert isinstance(again.stages[0].blocks[0].norm.statistics, GhostStatistics)


@pytest.mark.parametrize(("wanted", "twice"), [("all", {0, 1}), ("[16]", {1}), ("[8]", {0})])
def test_the_convolutional_generator(wanted, twice) -> None:
    spec = parse_spec(CONVNET, "small", [f"training.activation_checkpointing={wanted}"])
    kept, _ = networks(spec)
    again = deepcopy(kept)
    use_activation_checkpointing(again, again.plan, spec.training)
    counts = computed(again)
    assert_as_kept(kept, again, torch.randn(4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0)))
    assert counts == {f"blocks.{index}": 1 + (index in twice) for index in range(2)}


@pytest.mark.parametrize("input_gradient", [None, by_autograd], ids=["logits", "gradient penalty"])
@pytest.mark.parametrize("wanted", ["all", "[16]"])
def test_the_discriminator(tiny_spec, wanted, input_gradient) -> None:
    spec = tiny_spec(*HIT, f"training.activation_checkpointing={wanted}")
    _, kept = networks(spec)
    again = deepcopy(kept)
    use_activation_checkpointing(again, again.plan, spec.training)
    counts = computed(again)
    x = torch.randn(4, 3, 16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = []
    for network in (kept, again):
        answers = [network(x)] if input_gradient is None else input_gradient(network, x)
        sum(answer.square().sum() for answer in answers).backward()
        found.append([*(answer.detach() for answer in answers), *(weight.grad for weight in network.parameters())])
    for mine, theirs in zip(found[1], found[0], strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-10 * float(theirs.abs().max()))
    assert counts["blocks.0"] >= 2
    assert counts["blocks.1"] == (1 if wanted == "[16]" else counts["blocks.0"])


def test_what_is_computed_again_can_be_named(tiny_spec) -> None:
    generator, discriminator = networks(tiny_spec(*HIT))
    convnet, _ = networks(parse_spec(CONVNET))
    for network, modules, sides in (
        (generator, generator.stages, [4, 8, 16]),
        (discriminator, discriminator.blocks, [16, 8]),
        (convnet, convnet.blocks, [8, 16]),
    ):
        assert [network.get_submodule(path) for path, _ in network.plan.parts] == list(modules)
        assert [side for _, side in network.plan.parts] == sides


@pytest.mark.parametrize(
    ("wanted", "generator", "discriminator"),
    [("none", [], []), ("all", [4, 8, 16], [8, 16]), ("[16]", [16], [16]), ("[4]", [4], [])],
)
def test_both_networks_of_a_run_follow_the_spec_and_the_average_never_does(
    tiny_spec, wanted, generator, discriminator
) -> None:
    spec = tiny_spec(*HIT, f"training.activation_checkpointing={wanted}")
    trained = new_state(compile_spec(spec), spec.training, 0, torch.device("cpu"))

    def recomputed(network: nn.Module) -> list[int]:
        return sorted(side for path, side in network.plan.parts if network.get_submodule(path).recomputed)

    assert recomputed(trained.networks["generator"]) == generator
    assert recomputed(trained.networks["discriminator"]) == discriminator
    assert recomputed(trained.averages["generator"][0].network) == []


def test_the_compilers_way_and_this_one_do_not_meet(tiny_spec) -> None:
    """Why a run refuses both together: torch.func does not go through parts that are computed again."""
    spec = tiny_spec(*HIT, "training.activation_checkpointing=all")
    _, discriminator = networks(spec)
    use_activation_checkpointing(discriminator, discriminator.plan, spec.training)
    x = torch.randn(2, 3, 16, 16, dtype=torch.float64)
    with pytest.raises(RuntimeError):
        by_func(discriminator, x)[1].sum().backward()
