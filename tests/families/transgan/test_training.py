"""The published recipe on tiny networks: gradients through the penalty, however the step is divided and computed."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import partial

import pytest
import torch

from hitzoo.families.build import build
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.layers.checkpointing import CheckpointedModule
from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.objectives.build import objective_of
from hitzoo.objectives.critic import Critic
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.update import Inputs
from hitzoo.runtime.shard import WHOLE
from tests.families.transgan.variables import TINY, filled, images

RECIPE = """training:
  loss: wasserstein
  regularizers: [{kind: wgan_gp}]
  updates: {discriminator: 1, generator: 1}
  batch_size: 4
"""
OTHER = """hitzoo: 1
name: other
generator:
  family: hit
  latent_dim: 6
  latent_tokens: 2
  norm: pixel
  stages: [{channels: 8, heads: 2, depth: 1}, {channels: 4, depth: 1, attention: none}]
discriminator:
  family: transgan
  patch_size: 2
  noise: true
  stages: [{channels: 8, heads: 2, depth: 1}, {channels: 12, heads: 2, depth: 1}]
"""
Gradients = dict[str, torch.Tensor]


def gradients(
    config: str,
    *,
    shards: int = 1,
    recomputed: bool = False,
    dtype: torch.dtype = torch.float64,
    forward: AbstractContextManager[None] | None = None,
) -> Gradients:
    """Of the discriminator's update and then of the generator's, by the names of the weights."""
    spec = parse_spec(TINY[config] + RECIPE)
    plan = compile_spec(spec)
    networks = {role: filled(plan, role, dtype)[0].train() for role in ("generator", "discriminator")}
    for network in networks.values():
        for module in network.modules():
            if isinstance(module, CheckpointedModule):
                module.recomputed = recomputed
    running = {"generator": networks["generator"], "discriminator": Critic(networks["discriminator"])}
    updates = objective_of(spec).updates(1)
    for index, update in enumerate(updates):
        latents = torch.randn(4, plan.input_width, dtype=dtype, generator=torch.Generator().manual_seed(index))
        random = BatchRandom(torch.Generator().manual_seed(7 + index), 4)
        for shard in (WHOLE.cut(part, shards) for part in range(shards)):
            inputs = Inputs(
                real=shard.of(images(plan, 4)).to(dtype),
                latents=shard.of(latents),
                random=random.of(shard),
                share=1 / shards,
                forward=partial(nullcontext) if forward is None else lambda: forward,
            )
            update.gradients(running, inputs, Moment(step=1, images=0, index=index))
    return {
        f"{role}.{name}": weight.grad
        for role, network in networks.items()
        for name, weight in network.named_parameters()
        if weight.grad is not None
    }


def test_parts_of_a_batch_add_up_to_it() -> None:
    """Noise and mixtures of an image are its own, whichever part of the batch it is in."""
    whole, parts = gradients("cifar10"), gradients("cifar10", shards=2)
    assert whole.keys() == parts.keys()
    for name, gradient in whole.items():
        torch.testing.assert_close(parts[name], gradient, rtol=1e-8, atol=1e-12, msg=name)


def test_recomputed_activations_give_the_same_gradients() -> None:
    kept, recomputed = gradients("cifar10"), gradients("cifar10", recomputed=True)
    for name, gradient in kept.items():
        torch.testing.assert_close(recomputed[name], gradient, rtol=1e-10, atol=1e-14, msg=name)


@pytest.mark.parametrize("config", ["stl10", "celebahq256"])
def test_every_weight_learns_but_the_one_that_nothing_uses(config: str) -> None:
    learning = gradients(config)
    plan = compile_spec(parse_spec(TINY[config]))
    for role in ("generator", "discriminator"):
        names = {f"{role}.{name}" for name, _ in filled(plan, role)[0].named_parameters()}
        assert {name.rpartition(".")[2] for name in names - learning.keys()} <= {"unused_strength"}
    assert "discriminator.stages.0.blocks.0.position.table" in learning or config == "celebahq256"


def test_discriminator_teaches_a_generator_of_another_family() -> None:
    spec = parse_spec(OTHER + RECIPE)
    plan = compile_spec(spec)
    networks = dict(zip(("generator", "discriminator"), build(plan), strict=True))
    (_, update) = objective_of(spec).updates(1)
    given = BatchRandom(torch.Generator().manual_seed(0), 4)
    inputs = Inputs(real=torch.empty(0, 3, 16, 16), latents=torch.randn(4, 6), random=given)
    running = {"generator": networks["generator"], "discriminator": Critic(networks["discriminator"])}
    update.gradients(running, inputs, Moment(step=1, images=0, index=1))
    assert all(weight.grad is not None for weight in networks["generator"].parameters())


def test_penalty_can_be_taken_in_bfloat16() -> None:
    exact = gradients("cifar10")
    narrow = gradients("cifar10", dtype=torch.float32, forward=torch.autocast("cpu", torch.bfloat16))
    for name in ("discriminator.stages.0.blocks.0.query_key_value.weight", "discriminator.head.block.mlp.widen.weight"):
        near = torch.nn.functional.cosine_similarity(narrow[name].double().flatten(), exact[name].flatten(), dim=0)
        assert near > 0.98, name
