"""Path length regularization against the paper's equation by whole Jacobians, in float64, and its place in a step."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.autograd.functional import jacobian

from hitzoo.errors import RequestError, SpecError
from hitzoo.families.build import build_generator
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.layers.double_backward import is_twice_differentiable
from hitzoo.layers.keyed_noise import WORD, normal
from hitzoo.objectives.alternating import Alternating
from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.objectives.build import objective_of
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.path_length import PathLength
from hitzoo.objectives.path_mean import PathMean
from hitzoo.objectives.simultaneous import Simultaneous
from hitzoo.objectives.terms.non_saturating import NON_SATURATING
from hitzoo.objectives.update import Inputs
from hitzoo.runtime.shard import Shard
from hitzoo.training.engine.adam_numbers import AdamNumbers
from hitzoo.training.engine.execution import Execution
from tests.objectives.steps import assert_same, gradients
from tests.support import fill

CPU = torch.device("cpu")
GENERATORS = {
    "stylegan2": "{family: stylegan2, latent_dim: 6, style_dim: 5, mapping_layers: 2, channels: [4, 3], noise: none}",
    "stylegan2, mixed": "{family: stylegan2, latent_dim: 6, style_dim: 5, mapping_layers: 1, channels: [4, 3], "
    "style_mixing: 0.9}",
    "styleswin": "{family: styleswin, latent_dim: 6, style_dim: 5, mapping_layers: 1, initial_size: 4, stages: "
    "[{channels: 4, heads: 2, depth: 1}, {channels: 4, heads: 2, depth: 1}]}",
    "cips": "{family: cips, latent_dim: 6, style_dim: 5, mapping_layers: 1, resolution: 8, fourier_features: 4, "
    "embedding: 3, channels: [4], noise: false}",
    "inr_gan": "{family: inr_gan, latent_dim: 6, style_dim: 5, mapping_layers: 1, rank: 2, initial_size: 4, "
    "upsample: bilinear, stages: [{channels: 4, depth: 1, waves: 2, embedding: 2}, "
    "{channels: 3, depth: 2, upsample: true}]}",
}
PATHS = "training.regularizers=[{kind: r1, weight: 1.0, interval: 16}, {kind: path_length}]"
TINY = """hitzoo: 1
name: tiny
generator: %s
discriminator: {family: stylegan2_original, channels: [3, 4], minibatch_std: 2}
training: {batch_size: 8, steps: 2, ema: {start_step: 0}}
data: {source: synthetic, channels: 1}
"""


def spec_of(name: str = "stylegan2", *overrides: str):
    return parse_spec(TINY % GENERATORS[name], "tiny", [PATHS, *overrides])


def built(name: str) -> tuple[nn.Module, int]:
    plan = compile_spec(spec_of(name))
    return fill(build_generator(plan).double(), scale=0.5), plan.input_width


def given(width: int, images: int = 2, **changes) -> Inputs:
    source = torch.Generator().manual_seed(1)
    latents = torch.randn(images, width, dtype=torch.float64, generator=source)
    random = BatchRandom(torch.Generator().manual_seed(2), images)
    return Inputs(**{"real": torch.empty(0, 1, 8, 8), "latents": latents, "random": random, **changes})


def reference(network: nn.Module, inputs: Inputs, term: PathLength) -> torch.Tensor:
    """weight · mean over images of (√(mean over places of ‖J_wᵀ y‖²) − a)², by the whole Jacobian of each image."""
    images, w = network(inputs.latents, return_w=True)
    keys = inputs.random.of(Shard(0, 1)).integers(0, WORD)
    squares = []
    for index in range(len(w)):

        def image(x: torch.Tensor, index: int = index) -> torch.Tensor:
            return from_w(network, inputs.latents[index : index + 1], x[None])[0].flatten()

        matrix = jacobian(image, w[index], create_graph=True)  # [C·H·W, …, S]
        torch.testing.assert_close(image(w[index]), images[index].flatten(), rtol=1e-9, atol=1e-9)
        y = normal(keys[index : index + 1], 8 * 8)[0].double() / 8
        product = torch.einsum("i...,i->...", matrix, y)
        squares.append((product**2).sum() / (len(product) if product.ndim == 2 else 1))
    return term.weight * sum((root.sqrt() - inputs.path_mean) ** 2 for root in squares) / len(squares)


def from_w(network: nn.Module, row: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    """The image of a row with another w in the place of its own."""
    mapping, name = network.mapping, "at_places" if w.ndim == 3 else "forward"
    before = getattr(mapping, name)
    object.__setattr__(mapping, name, lambda *_: w)
    try:
        return network(row)
    finally:
        object.__setattr__(mapping, name, before)


@pytest.mark.parametrize("name", GENERATORS)
def test_value_and_gradients_are_those_of_whole_jacobians(name) -> None:
    network, width = built(name)
    other, term = deepcopy(network), PathLength(weight=3.0, interval=4)
    inputs = given(width, path_mean=0.7)
    losses = term.gradients({"generator": network}, inputs, Moment())
    expected = reference(other, inputs, term)
    torch.testing.assert_close(losses.terms["path_length"], expected.detach(), rtol=1e-9, atol=1e-9)
    (4 * expected).backward()
    for weight in other.parameters():
        weight.grad = torch.zeros_like(weight) if weight.grad is None else weight.grad
    assert_same(gradients(network), gradients(other))


def test_length_is_the_mean_over_its_images() -> None:
    network, width = built("stylegan2")
    inputs = given(width)
    losses = PathLength(weight=1.0).gradients({"generator": network}, inputs, Moment())
    images, w = network(inputs.latents, return_w=True)
    keys = inputs.random.of(Shard(0, 1)).integers(0, WORD)
    y = normal(keys, 8 * 8).view(images.shape).double() / 8
    (slopes,) = torch.autograd.grad((images * y).sum(), w)
    torch.testing.assert_close(losses.path_length, slopes.square().sum(2).mean(1).sqrt().mean())


def test_recomputed_activations_give_the_same_gradients() -> None:
    found = []
    for recomputed in (False, True):
        network, width = built("stylegan2")
        for stage in network.stages:
            stage.recomputed = recomputed
        PathLength().gradients({"generator": network}, given(width), Moment())
        found.append(gradients(network))
    assert_same(*found)


def test_compiled_generator_is_differentiated_twice(monkeypatch) -> None:
    """torch refuses a second derivative of what it has compiled."""
    compiled = torch.compile
    monkeypatch.setattr(torch, "compile", lambda network, **how: compiled(network, backend="aot_eager", **how))
    found = []
    for execution in (Execution(), Execution(compiled=True)):
        network, width = built("inr_gan")
        ready = execution.networks({"generator": network})
        PathLength().gradients(ready, given(width, uncompiled=execution.uncompiled), Moment())
        found.append(gradients(network))
    assert_same(*found)


def test_narrow_products_change_lengths_by_their_rounding() -> None:
    network, width = built("stylegan2")
    network.float()
    found = []
    for precision in ("float32", "bf16"):
        inputs = given(width, forward=lambda precision=precision: Execution(precision=precision).forward(CPU))
        inputs = replace(inputs, latents=inputs.latents.float())
        found.append(PathLength().gradients({"generator": network}, inputs, Moment()).path_length)
    assert found[0].dtype == found[1].dtype == torch.float32
    torch.testing.assert_close(found[1], found[0], rtol=0.02, atol=0)
    assert found[1] != found[0]


def test_layers_are_taken_in_the_form_that_is_differentiated_twice() -> None:
    network, width = built("stylegan2")
    seen = []
    network.stages[0].register_forward_hook(lambda *_: seen.append(is_twice_differentiable()))
    PathLength().gradients({"generator": network}, given(width), Moment())
    assert seen == [True]


def test_generator_without_slopes_has_no_gradient() -> None:
    """The root has none at 0."""
    network, width = built("stylegan2")
    for stage in network.stages:
        stage.to_rgb.conv.weight.data.zero_()
    PathLength().gradients({"generator": network}, given(width), Moment())
    assert all(torch.equal(one, torch.zeros_like(one)) for one in gradients(network))


@pytest.mark.parametrize("updates", ["simultaneous", "{discriminator: 2, generator_batch_size: 4}"])
def test_every_fourth_step_ends_with_an_update_of_its_own(updates) -> None:
    objective = objective_of(spec_of("stylegan2", f"training.updates={updates}"))
    steps = [objective.updates(step) for step in range(1, 6)]
    assert [len(step) - len(steps[1]) for step in steps] == [1, 0, 0, 0, 1]
    path, latents = steps[0][-1], 4 if updates == "simultaneous" else 2
    assert (path.moves, path.images, path.latents, path.clip_norm) == (("generator",), 0, latents, {})


@pytest.mark.parametrize("kind", [Simultaneous, Alternating])
def test_average_follows_the_last_update_of_the_generator_alone(kind) -> None:
    objective = kind(loss=NON_SATURATING, batch_size=4, path_length=PathLength(interval=2))
    for step, averaged in ((1, [False, True]), (2, [True])):
        moving = [update for update in objective.updates(step) if "generator" in update.moves]
        assert [update.averaged for update in moving] == averaged


def test_passes_are_counted_by_hand() -> None:
    """6 passes on half of the batch in every fourth step; per real image where the generator's batch is another."""
    one = Simultaneous(loss=NON_SATURATING, batch_size=4, path_length=PathLength())
    assert one.passes()["generator"] == 3 + 6 / 8
    turns = Alternating(
        loss=NON_SATURATING, batch_size=4, discriminator_updates=2, generator_batch_size=16, path_length=PathLength()
    )
    assert turns.passes()["generator"] == 1 + 2 * (3 + 6 / 8)


def test_mean_follows_the_lengths() -> None:
    mean = PathMean(decay=0.25)
    for length in (4.0, 8.0):
        mean.after(length)
    assert mean.value == 0.75 * (0.25 * 4) + 0.25 * 8


def test_lazy_correction_is_each_networks_own() -> None:
    training = spec_of("stylegan2", "training.optimizer.lazy_correction=true").training
    assert AdamNumbers.of(training, "generator").share == 4 / 5
    assert AdamNumbers.of(training, "discriminator").share == 16 / 17


def test_generator_without_w_is_refused() -> None:
    with pytest.raises(SpecError, match=r"(?s)regularizers\[1\].*the family convnet gives none"):
        compile_spec(parse_spec(TINY % "{family: convnet, latent_dim: 6, channels: [4, 3]}", "tiny", [PATHS]))


def test_part_of_an_image_is_refused() -> None:
    with pytest.raises(SpecError, match="batch of 8 has no whole part of 1/3"):
        compile_spec(spec_of("stylegan2", "training.regularizers=[{kind: path_length, batch_shrink: 3}]"))
    with pytest.raises(RequestError, match="choose a multiple of 2"):
        objective_of(spec_of(), 3)
