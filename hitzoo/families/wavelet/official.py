"""The discriminator's variables in the published StyleSwin code (microsoft/StyleSwin, PyTorch) beside ours."""

from __future__ import annotations

from collections.abc import Iterator

from hitzoo.families.official import Variable, recomputed
from hitzoo.families.wavelet.plan import WaveletDiscriminatorPlan

_BANDS = ("ll", "lh", "hl", "hh")


def wavelet_variables(plan: WaveletDiscriminatorPlan) -> Iterator[Variable]:
    """Every variable of the published discriminator that a plan describes; filters are made anew."""
    spectral = plan.spectral_norm
    yield from (recomputed(f"dwt.{band}") for band in _BANDS)
    for index, part in enumerate(plan.inputs):
        inner, outer = 4 * plan.image_channels, part.kwargs["channels"]
        name = f"from_rgbs.{index}"
        yield from _conv(f"{name}.conv", 0, f"{part.name}.conv", (outer, inner, 1, 1), spectral=spectral)
        if index:
            yield from (recomputed(f"{name}.{transform}.{band}") for transform in ("iwt", "dwt") for band in _BANDS)
            yield recomputed(f"{name}.downsample.kernel")
    for index, part in enumerate(plan.blocks):
        inner, outer = part.kwargs["in_channels"], part.kwargs["out_channels"]
        name = f"convs.{index}"
        yield from _conv(f"{name}.conv1", 0, f"{part.name}.conv1", (inner, inner, 3, 3), spectral=spectral)
        yield recomputed(f"{name}.conv2.0.kernel")
        yield from _conv(f"{name}.conv2", 1, f"{part.name}.conv2", (outer, inner, 3, 3), spectral=spectral)
    args = plan.head.kwargs
    width, hidden = args["channels"], args["channels"] * args["side"] ** 2
    extra = 1 if args["minibatch_std"] else 0
    yield from _conv("final_conv", 0, "head.conv", (width, width + extra, 3, 3), spectral=spectral)
    yield from _weight("final_linear.0", "head.hidden", (width, hidden), spectral=spectral)
    last = 2 if spectral else 1
    if spectral:
        yield _same("final_linear.0.bias", "head.hidden.biases.0", width)
        yield _same("final_linear.1.bias", "head.hidden.biases.1", width)
        yield _same("final_linear.2.bias", "head.logit.biases.0", 1)
    else:
        yield _same("final_linear.0.bias", "head.hidden.bias", width)
        yield _same("final_linear.1.bias", "head.logit.bias", 1)
    yield from _weight(f"final_linear.{last}", "head.logit", (1, width), spectral=spectral)


def _same(theirs: str, ours: str, *shape: int) -> Variable:
    return Variable(theirs, ours, shape, shape)


def _conv(theirs: str, place: int, ours: str, shape: tuple[int, ...], *, spectral: bool) -> Iterator[Variable]:
    """A convolution at a place of a sequence there, and the bias of the activation after it."""
    yield from _weight(f"{theirs}.{place}", ours, shape, spectral=spectral)
    yield _same(f"{theirs}.{place + 1}.bias", f"{ours}.bias", shape[0])


def _weight(theirs: str, ours: str, shape: tuple[int, ...], *, spectral: bool) -> Iterator[Variable]:
    if not spectral:
        yield _same(f"{theirs}.weight", f"{ours}.weight", *shape)
        return
    outer, inner = shape[0], 1
    for size in shape[1:]:
        inner *= size
    yield _same(f"{theirs}.weight_orig", f"{ours}.spectral.weight", *shape)
    yield _same(f"{theirs}.weight_u", f"{ours}.spectral.u", outer)
    yield _same(f"{theirs}.weight_v", f"{ours}.spectral.v", inner)
