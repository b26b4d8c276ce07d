"""The discriminator's tensors in published PyTorch code beside ours: rosinality's (`d`) and NVIDIA's (`D`).

CIPS has the first one's, under its names. Filters follow from their definition.
"""

from __future__ import annotations

from collections.abc import Iterator

from hitzoo.families.official import Variable, recomputed
from hitzoo.families.stylegan2_original.plan import Stylegan2OriginalPlan


def rosinality_discriminator(plan: Stylegan2OriginalPlan) -> Iterator[Variable]:
    """Every tensor of the discriminator."""
    stem = plan.stem.kwargs
    yield _same("convs.0.0.weight", "stem.conv.weight", stem["out_channels"], stem["in_channels"], 1, 1)
    yield _same("convs.0.1.bias", "stem.conv.bias", stem["out_channels"])
    for index, part in enumerate(plan.blocks):
        inner, outer, theirs = part.kwargs["in_channels"], part.kwargs["out_channels"], f"convs.{index + 1}"
        yield _same(f"{theirs}.conv1.0.weight", f"{part.name}.conv1.weight", inner, inner, 3, 3)
        yield _same(f"{theirs}.conv1.1.bias", f"{part.name}.conv1.bias", inner)
        yield _same(f"{theirs}.conv2.1.weight", f"{part.name}.conv2.weight", outer, inner, 3, 3)
        yield _same(f"{theirs}.conv2.2.bias", f"{part.name}.conv2.bias", outer)
        yield _same(f"{theirs}.skip.1.weight", f"{part.name}.skip.weight", outer, inner, 1, 1)
        yield from map(recomputed, (f"{theirs}.conv2.0.kernel", f"{theirs}.skip.0.kernel"))
    yield from _head(plan, ("final_conv.0.weight", "final_conv.1.bias"), ("final_linear.0", "final_linear.1"))


def nvidia_discriminator(plan: Stylegan2OriginalPlan) -> Iterator[Variable]:
    """Every tensor of the discriminator, by the names of StyleGAN2-ADA."""
    stem = plan.stem.kwargs
    first = f"b{plan.resolution}.fromrgb"
    yield _same(f"{first}.weight", "stem.conv.weight", stem["out_channels"], stem["in_channels"], 1, 1)
    yield _same(f"{first}.bias", "stem.conv.bias", stem["out_channels"])
    yield from map(recomputed, (f"{first}.resample_filter", "b4.resample_filter", "b4.conv.resample_filter"))
    for part, (_, side) in zip(plan.blocks, plan.parts, strict=True):
        inner, outer, theirs = part.kwargs["in_channels"], part.kwargs["out_channels"], f"b{side}"
        yield _same(f"{theirs}.conv0.weight", f"{part.name}.conv1.weight", inner, inner, 3, 3)
        yield _same(f"{theirs}.conv0.bias", f"{part.name}.conv1.bias", inner)
        yield _same(f"{theirs}.conv1.weight", f"{part.name}.conv2.weight", outer, inner, 3, 3)
        yield _same(f"{theirs}.conv1.bias", f"{part.name}.conv2.bias", outer)
        yield _same(f"{theirs}.skip.weight", f"{part.name}.skip.weight", outer, inner, 1, 1)
        yield from (recomputed(f"{theirs}.{name}resample_filter") for name in ("", "conv0.", "conv1.", "skip."))
    yield from _head(plan, ("b4.conv.weight", "b4.conv.bias"), ("b4.fc", "b4.out"))


def _head(plan: Stylegan2OriginalPlan, conv: tuple[str, str], layers: tuple[str, str]) -> Iterator[Variable]:
    args = plan.head.kwargs
    width, pixels = args["channels"], args["side"] ** 2
    yield _same(conv[0], "head.conv.weight", width, width + (1 if args["minibatch_std"] else 0), 3, 3)
    yield _same(conv[1], "head.conv.bias", width)
    for theirs, ours, inner, outer in zip(
        layers, ("head.hidden", "head.logit"), (pixels * width, width), (width, 1), strict=True
    ):
        yield _same(f"{theirs}.weight", f"{ours}.weight", outer, inner)
        yield _same(f"{theirs}.bias", f"{ours}.bias", outer)


def _same(theirs: str, ours: str, *shape: int) -> Variable:
    return Variable(theirs, ours, shape, shape)
