"""The generator's variables in the published INR-GAN code (universome/inr-gan, PyTorch) beside ours."""

from __future__ import annotations

from collections.abc import Iterator

from hitzoo.families.inr_gan.plan import InrGanGeneratorPlan
from hitzoo.families.inr_gan.stage_plan import InrGanStagePlan
from hitzoo.families.official import Variable, recomputed

_FIRST = 4  # of the names of blocks, which double whatever their maps do


def inr_gan_variables(plan: InrGanGeneratorPlan) -> Iterator[Variable]:
    """Every variable of the published generator that a plan describes, the buffers of its sizes too."""
    style = plan.style_dim
    for layer in range(plan.mapping.kwargs["layers"]):
        shape = (style, style if layer else plan.latent_dim)
        yield Variable(f"mapping.fc{layer}.weight", f"mapping.layers.{layer}.weight", shape, shape)
        yield Variable(f"mapping.fc{layer}.bias", f"mapping.layers.{layer}.bias", (style,), (style,))
    yield Variable("mapping.w_avg", "mapping.mean", (style,), (style,), optional=True)
    for index, stage in enumerate(plan.stages):
        name = f"synthesis.b{_FIRST << index}"
        yield recomputed(f"{name}.resample_filter")
        yield from _coordinates(f"{name}.{'coord_fuser' if index else 'input.input.coord_fuser'}", stage)
        for layer, (inner, outer) in enumerate(stage.widths):
            yield from _layer(f"{name}.{_layer_name(index, layer)}", f"{stage.name}.layers.{layer}", plan, inner, outer)
        yield from _colours(f"{name}.torgb", f"{stage.name}.to_rgb", plan, stage.channels)


def _layer_name(stage: int, layer: int) -> str:
    """The first stage begins with what is the second layer of others; beyond two they are extra."""
    number = layer if stage else layer + 1
    return f"conv{number}" if number < 2 else f"extra_convs.{number - 2}"


def _coordinates(theirs: str, stage: InrGanStagePlan) -> Iterator[Variable]:
    side, depth, ours = stage.resolution, stage.embedding, f"{stage.name}.coordinates"
    if stage.embedding:
        yield Variable(f"{theirs}.const_embs", f"{ours}.table", (1, depth, side, side), (side, side, depth), "map")
    if stage.waves:
        yield recomputed(f"{theirs}.log_basis")
    if stage.random_waves:
        yield Variable(f"{theirs}.random_basis", f"{ours}.random", (stage.random_waves, 2), (stage.random_waves, 2))


def _layer(theirs: str, ours: str, plan: InrGanGeneratorPlan, inner: int, outer: int) -> Iterator[Variable]:
    factors = (inner + outer) * plan.rank
    yield Variable(f"{theirs}.weight", f"{ours}.weight", (outer, inner, 1, 1), (outer, inner))
    yield Variable(f"{theirs}.bias", f"{ours}.bias", (outer,), (outer,))
    yield recomputed(f"{theirs}.resample_filter")
    yield from _style(theirs, ours, plan, factors)


def _colours(theirs: str, ours: str, plan: InrGanGeneratorPlan, inner: int) -> Iterator[Variable]:
    outer = plan.image_channels
    yield Variable(f"{theirs}.weight", f"{ours}.weight", (outer, inner, 1, 1), (outer, inner))
    yield Variable(f"{theirs}.bias", f"{ours}.bias", (outer,), (outer,))
    yield from _style(theirs, ours, plan, inner)


def _style(theirs: str, ours: str, plan: InrGanGeneratorPlan, outer: int) -> Iterator[Variable]:
    shape = (outer, plan.style_dim)
    yield Variable(f"{theirs}.affine.weight", f"{ours}.style.weight", shape, shape)
    yield Variable(f"{theirs}.affine.bias", f"{ours}.style.bias", (outer,), (outer,))
