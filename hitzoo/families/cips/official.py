"""The generator's variables in the published CIPS code (saic-mdal/CIPS, PyTorch, the class with skips) beside ours."""

from __future__ import annotations

from collections.abc import Iterator

from hitzoo.families.cips.plan import CipsGeneratorPlan
from hitzoo.families.official import Variable

CIPS = "cips"


def cips_variables(plan: CipsGeneratorPlan) -> Iterator[Variable]:
    """Every variable of the published generator that a plan describes."""
    widths, colours, style = plan.channels, plan.image_channels, plan.style_dim
    waves, side, depth = plan.fourier_features, plan.resolution, plan.embedding
    yield Variable("lff.ffm.conv.weight", "waves.linear.weight", (waves, 2, 1, 1), (waves, 2))
    yield Variable("lff.ffm.conv.bias", "waves.linear.bias", (waves,), (waves,))
    yield Variable("emb.input", "table.weight", (1, depth, side, side), (side, side, depth), "map")
    yield from _styled("conv1", "first", plan, plan.features, widths[0])
    for index, (inner, outer) in enumerate(zip((widths[0], *widths), widths, strict=False)):
        yield from _styled(f"linears.{2 * index}", f"pairs.{index}.first", plan, inner, outer)
        yield from _styled(f"linears.{2 * index + 1}", f"pairs.{index}.second", plan, outer, outer)
        theirs, ours = f"to_rgbs.{index}", f"pairs.{index}.to_rgb"
        yield Variable(f"{theirs}.bias", f"{ours}.bias", (1, colours, 1, 1), (colours,))
        yield from _modulated(f"{theirs}.conv", ours, plan, outer, colours)
    for layer in range(plan.mapping.kwargs["layers"]):
        shape = (style, style if layer else plan.latent_dim)
        yield Variable(f"style.{layer + 1}.weight", f"mapping.layers.{layer}.weight", shape, shape)
        yield Variable(f"style.{layer + 1}.bias", f"mapping.layers.{layer}.bias", (style,), (style,))


def _styled(theirs: str, ours: str, plan: CipsGeneratorPlan, inner: int, outer: int) -> Iterator[Variable]:
    yield from _modulated(f"{theirs}.conv", f"{ours}.linear", plan, inner, outer)
    if plan.noise:
        yield Variable(f"{theirs}.noise.weight", f"{ours}.strength", (1,), ())
    yield Variable(f"{theirs}.activate.bias", f"{ours}.linear.bias", (outer,), (outer,))


def _modulated(theirs: str, ours: str, plan: CipsGeneratorPlan, inner: int, outer: int) -> Iterator[Variable]:
    shape = (inner, plan.style_dim)
    yield Variable(f"{theirs}.weight", f"{ours}.weight", (1, outer, inner, 1, 1), (outer, inner))
    yield Variable(f"{theirs}.modulation.weight", f"{ours}.style.weight", shape, shape)
    yield Variable(f"{theirs}.modulation.bias", f"{ours}.style.bias", (inner,), (inner,))
