"""The generator's tensors in published PyTorch code beside ours.

`rosinality` names those of rosinality/stylegan2-pytorch and of what was made of it (`g_ema` of a checkpoint);
`nvidia` those of NVlabs/stylegan2-ada-pytorch's `G_ema`. Filters follow from their definition, and stored noise is of
no use where noise is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator

from hitzoo.families.official import Variable, recomputed
from hitzoo.families.stylegan2_generator.plan import Stylegan2GeneratorPlan, StyleStagePlan
from hitzoo.plan.types import BlockPlan


def rosinality_generator(plan: Stylegan2GeneratorPlan) -> Iterator[Variable]:
    """Every tensor of the generator, the mean style (`latent_avg`) last."""
    args = plan.mapping.kwargs
    for index in range(args["layers"]):
        yield from _linear(f"style.{index + 1}", f"mapping.layers.{index}", *_widths(plan, index))
    yield _same("input.input", "initial.weight", 1, *_first(plan))
    for index, stage in enumerate(plan.stages):
        names = (f"convs.{2 * index - 2}", f"convs.{2 * index - 1}") if index else ("", "conv1")
        for theirs, part in zip(names, (stage.up, stage.conv), strict=True):
            if part is not None:
                yield from _rosinality_conv(theirs, part)
        yield from _rosinality_rgb(f"to_rgbs.{index - 1}" if index else "to_rgb1", stage.to_rgb)
    yield Variable("latent_avg", "mapping.mean", (args["width"],), (args["width"],), optional=True)


def nvidia_generator(plan: Stylegan2GeneratorPlan) -> Iterator[Variable]:
    """Every tensor of the generator, by the names of StyleGAN2-ADA."""
    args = plan.mapping.kwargs
    for index in range(args["layers"]):
        yield from _linear(f"mapping.fc{index}", f"mapping.layers.{index}", *_widths(plan, index))
    yield Variable("mapping.w_avg", "mapping.mean", (args["width"],), (args["width"],), optional=True)
    first = f"synthesis.b{plan.stages[0].resolution}"
    yield Variable(f"{first}.const", "initial.weight", _first(plan), (1, *_first(plan)))
    for stage in plan.stages:
        yield from _nvidia_stage(f"synthesis.b{stage.resolution}", stage)


def _rosinality_conv(theirs: str, part: BlockPlan) -> Iterator[Variable]:
    args = part.kwargs
    inner, outer = args["in_channels"], args["out_channels"]
    yield Variable(f"{theirs}.conv.weight", f"{part.name}.conv.weight", (1, outer, inner, 3, 3), (outer, inner, 3, 3))
    yield from _linear(f"{theirs}.conv.modulation", f"{part.name}.conv.style", args["style_dim"], inner)
    if args["noise"] != "none":
        yield Variable(f"{theirs}.noise.weight", f"{part.name}.strength", (1,), ())
    yield _stored_noise(f"noises.noise_{args['number']}", part, 1, 1)
    yield _same(f"{theirs}.activate.bias", f"{part.name}.bias", outer)
    if args.get("up"):
        yield recomputed(f"{theirs}.conv.blur.kernel")


def _rosinality_rgb(theirs: str, part: BlockPlan) -> Iterator[Variable]:
    args = part.kwargs
    inner, outer = args["channels"], args["image_channels"]
    yield Variable(f"{theirs}.conv.weight", f"{part.name}.conv.weight", (1, outer, inner, 1, 1), (outer, inner, 1, 1))
    yield from _linear(f"{theirs}.conv.modulation", f"{part.name}.conv.style", args["style_dim"], inner)
    yield Variable(f"{theirs}.bias", f"{part.name}.bias", (1, outer, 1, 1), (outer,))
    if args["skip"]:
        yield recomputed(f"{theirs}.upsample.kernel")


def _nvidia_stage(theirs: str, stage: StyleStagePlan) -> Iterator[Variable]:
    for name, part in (("conv0", stage.up), ("conv1", stage.conv)):
        if part is None:
            continue
        args, own = part.kwargs, f"{theirs}.{name}"
        inner, outer = args["in_channels"], args["out_channels"]
        yield _same(f"{own}.weight", f"{part.name}.conv.weight", outer, inner, 3, 3)
        yield from _linear(f"{own}.affine", f"{part.name}.conv.style", args["style_dim"], inner)
        yield _same(f"{own}.bias", f"{part.name}.bias", outer)
        if args["noise"] != "none":
            yield _same(f"{own}.noise_strength", f"{part.name}.strength")
        yield _stored_noise(f"{own}.noise_const", part)
        yield recomputed(f"{own}.resample_filter")
    yield recomputed(f"{theirs}.resample_filter")
    args = stage.to_rgb.kwargs
    inner, outer, own = args["channels"], args["image_channels"], f"{theirs}.torgb"
    yield _same(f"{own}.weight", f"{stage.to_rgb.name}.conv.weight", outer, inner, 1, 1)
    yield from _linear(f"{own}.affine", f"{stage.to_rgb.name}.conv.style", args["style_dim"], inner)
    yield _same(f"{own}.bias", f"{stage.to_rgb.name}.bias", outer)


def _stored_noise(theirs: str, part: BlockPlan, *axes: int) -> Variable:
    """A map of noise in a file; one for every image is all that a plan can take."""
    side = part.kwargs["side"]
    if part.kwargs["noise"] != "constant":
        return recomputed(theirs)
    return Variable(theirs, f"{part.name}.noise", (*axes, side, side), (side, side))


def _linear(theirs: str, ours: str, inner: int, outer: int) -> Iterator[Variable]:
    yield _same(f"{theirs}.weight", f"{ours}.weight", outer, inner)
    yield _same(f"{theirs}.bias", f"{ours}.bias", outer)


def _same(theirs: str, ours: str, *shape: int) -> Variable:
    return Variable(theirs, ours, shape, shape)


def _widths(plan: Stylegan2GeneratorPlan, index: int) -> tuple[int, int]:
    """Widths before and after a layer of the mapping network."""
    args = plan.mapping.kwargs
    return args["width"] if index else args["latent_dim"], args["width"]


def _first(plan: Stylegan2GeneratorPlan) -> tuple[int, int, int]:
    args = plan.initial.kwargs
    return args["channels"], args["side"], args["side"]
