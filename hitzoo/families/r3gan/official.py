"""R3GAN's tensors in the published PyTorch code (brownvc/R3GAN) beside ours; its filters follow from their definition.

A stage's layers are numbered in the order of their use: a generator's transition is the first, a discriminator's the
last.
"""

from __future__ import annotations

from collections.abc import Iterator

from hitzoo.families.official import Variable, recomputed
from hitzoo.families.r3gan.discriminator.plan import R3ganDiscriminatorPlan
from hitzoo.families.r3gan.generator.plan import R3ganGeneratorPlan
from hitzoo.plan.types import BlockPlan

_MODEL = "Model"


def generator_variables(plan: R3ganGeneratorPlan) -> Iterator[Variable]:
    """Every tensor of the published generator."""
    args, first = plan.initial.kwargs, f"{_MODEL}.MainLayers.0.Layers.0"
    side, width, classes = args["side"], args["channels"], plan.classes
    joined = plan.latent_dim + (args["class_dim"] if classes else 0)
    yield _same(f"{first}.Basis", "initial.basis", width, side, side)
    yield _same(f"{first}.LinearLayer.weight", "initial.linear", width, joined)
    for index, stage in enumerate(plan.stages):
        theirs = f"{_MODEL}.MainLayers.{index}.Layers"
        if stage.transition is not None:
            yield from _transition(f"{theirs}.0", stage.transition)
        for place, part in enumerate(stage.blocks, start=1):
            yield from _block(f"{theirs}.{place}", part)
    colours, narrow = plan.to_image.kwargs["out_channels"], plan.to_image.kwargs["in_channels"]
    yield _same(f"{_MODEL}.AggregationLayer.Layer.weight", "to_image.weight", colours, narrow, 1, 1)
    if classes:
        yield _same(f"{_MODEL}.EmbeddingLayer.weight", "initial.classes", args["class_dim"], classes)


def discriminator_variables(plan: R3ganDiscriminatorPlan) -> Iterator[Variable]:
    """Every tensor of the published discriminator."""
    stem, head = plan.from_image.kwargs, plan.head.kwargs
    wide, colours = stem["out_channels"], stem["in_channels"]
    yield _same(f"{_MODEL}.ExtractionLayer.Layer.weight", "from_image.weight", wide, colours, 1, 1)
    last = ""
    for index, stage in enumerate(plan.stages):
        theirs = f"{_MODEL}.MainLayers.{index}.Layers"
        for place, part in enumerate(stage.blocks):
            yield from _block(f"{theirs}.{place}", part)
        last = f"{theirs}.{len(stage.blocks)}"
        if stage.transition is not None:
            yield from _transition(last, stage.transition)
    width, side, classes = head["channels"], head["side"], head.get("classes", 0)
    yield _same(f"{last}.Basis.weight", "head.basis", width, 1, side, side)
    yield _same(f"{last}.LinearLayer.weight", "head.linear", width if classes else 1, width)
    if classes:
        yield _same(f"{_MODEL}.EmbeddingLayer.weight", "head.classes", width, classes)


def _block(theirs: str, part: BlockPlan) -> Iterator[Variable]:
    args = part.kwargs
    width, inside, groups = args["channels"], args["expansion"] * args["channels"], args["groups"]
    shapes = ((inside, width, 1, 1), (inside, inside // groups, 3, 3), (width, inside, 1, 1))
    for number, shape in enumerate(shapes, start=1):
        yield _same(f"{theirs}.LinearLayer{number}.Layer.weight", f"{part.name}.conv{number}.weight", *shape)
    for number in (1, 2):
        yield _same(f"{theirs}.NonLinearity{number}.Bias", f"{part.name}.conv{number}.bias", inside)


def _transition(theirs: str, part: BlockPlan) -> Iterator[Variable]:
    inner, outer = part.kwargs["in_channels"], part.kwargs["out_channels"]
    yield recomputed(f"{theirs}.Resampler.Kernel")
    if inner != outer:
        yield _same(f"{theirs}.LinearLayer.Layer.weight", f"{part.name}.conv.weight", outer, inner, 1, 1)


def _same(theirs: str, ours: str, *shape: int) -> Variable:
    return Variable(theirs, ours, shape, shape)
