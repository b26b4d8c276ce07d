"""A whole pixel-wise stage in one kernel; inference only.

Its features are read once at a quarter of the pixels and written once, or not at all where the stage ends in the
image, and the weights of up to 64 channels stay in shared memory: its remaining bounds are the issue of
instructions, most of them gelu's, and the tensor cores, which take half as long.
"""

from __future__ import annotations

from functools import partial

import torch

from hitzoo.fold.triton.attempts import Specialization, launch_fitting
from hitzoo.fold.triton.launch import (
    Gelu,
    Precision,
    check,
    on,
    options,
    resolve_gelu,
    resolve_precision,
)
from hitzoo.fold.triton.shared_memory import NARROWEST, Demand, stage_demand
from hitzoo.fold.triton.tile_choice import choose_tile
from hitzoo.fold.triton.tiling import Tile, device_of, programs_per_sample
from hitzoo.fold.triton.weights import LatentAttention, StageWeights


def pixel_stage(
    x: torch.Tensor,
    weights: StageWeights,
    *,
    attention: LatentAttention | None = None,
    image_before: torch.Tensor | None = None,
    gelu: Gelu = "exact",
    precision: Precision | None = None,
    tile: Tile | None = None,
) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """Features and image after the stage: [B, n, C_in], [B, n, K] -> [B, 4n, C], [B, 4n, K]; None for an absent one.

    Requires `support.supports_stage`. The four children of a pixel stay together, in the order (dy, dx). The
    features stay float32 from the upsampling to the end of the stage; the image is float32.

    Raises:
        KernelUnavailable: Triton cannot build it for these sizes. A `tile` that is given raises Triton's own error.
    """
    x = x.contiguous()
    _check(x, weights, attention, image_before)
    head, channels = weights.image, weights.position.shape[1]
    samples, count = len(x), 4 * x.shape[1]
    ends = head is not None and head.collapsed is not None
    out = None if ends else x.new_empty(samples, count, channels)
    image = None if head is None else x.new_empty(samples, count, len(head.weight), dtype=torch.float32)
    if not (count and samples):
        return out, image
    form, precision = resolve_gelu(gelu, x), resolve_precision(precision)
    launch = partial(_launch, x, weights, attention, image_before, out, image, form, precision)
    if tile is not None:
        launch(tile)
    else:
        kernel = _specialization(x, weights, attention, image_before, (form, precision))
        demand = _demand(x, weights, attention)
        launch_fitting(kernel, lambda: choose_tile(demand, device_of(x.device), precision), launch)
    return out, image


def _specialization(
    x: torch.Tensor,
    weights: StageWeights,
    attention: LatentAttention | None,
    image_before: torch.Tensor | None,
    forms: tuple[str, ...],
) -> Specialization:
    head, (depth, hidden, channels) = weights.image, weights.mlps.widen.shape
    sizes = [(channels, "channels"), (hidden, "hidden features"), (depth, "MLPs")]
    sizes.append((x.shape[2] // 4, "in" if weights.up is not None else "in without a layer"))
    if attention is not None:
        sizes += [(weights.heads, "heads"), (attention.score.shape[1] // weights.heads, "tokens")]
    if head is not None:
        sizes.append((len(head.weight), "image channels" if head.collapsed is None else "image channels alone"))
    parts = "" if image_before is None else "image before"
    return Specialization(kernel="stage", device=x.device, dtype=x.dtype, sizes=tuple(sizes), forms=(*forms, parts))


def _launch(
    x: torch.Tensor,
    weights: StageWeights,
    attention: LatentAttention | None,
    image_before: torch.Tensor | None,
    out: torch.Tensor | None,
    image: torch.Tensor | None,
    gelu: str,
    precision: Precision,
    tile: Tile,
) -> None:
    from hitzoo.fold.triton.device.stage_kernel import stage_kernel

    samples, count, width = len(x), 4 * x.shape[1], x.shape[2] // 4
    mlps, head, slots = weights.mlps, weights.image, tile.programs * device_of(x.device).processors
    depth, hidden, channels = mlps.widen.shape
    programs = programs_per_sample(-(-count // tile.rows), samples, slots)
    latent = (attention.score, attention.score_bias, attention.read_out) if attention else (None, None, None)
    to_image = (head.weight, head.bias, head.collapsed) if head else (None, None, None)
    with on(x):
        stage_kernel[(programs * samples,)](
            *(x, weights.up, weights.position, *latent, weights.output_bias if attention else None),
            *(mlps.widen, mlps.widen_bias, mlps.narrow, mlps.narrow_bias),
            *(*to_image, image_before, out, image, count, programs),
            IN=width,
            C=channels,
            H=hidden,
            K=1 if head is None else len(head.weight),
            IN_BLOCK=max(NARROWEST, 1 << (width - 1).bit_length()),
            K_BLOCK=NARROWEST,
            DEPTH=depth,
            HEADS=weights.heads,
            TOKENS=attention.score.shape[1] // weights.heads if attention else 1,
            ROWS=tile.rows,
            CHUNK=tile.chunk,
            KEPT=tile.kept,
            GELU=gelu,
            PRECISION=precision,
            **options(tile),
        )


def _demand(x: torch.Tensor, weights: StageWeights, attention: LatentAttention | None) -> Demand:
    head, (depth, hidden, channels) = weights.image, weights.mlps.widen.shape
    return stage_demand(
        x.element_size(),
        x.shape[2] // 4,
        channels,
        hidden,
        logits=0 if attention is None else attention.score.shape[1],
        depth=depth,
        image=head is not None,
        ends=head is not None and head.collapsed is not None,
    )


def _check(
    x: torch.Tensor, weights: StageWeights, attention: LatentAttention | None, image_before: torch.Tensor | None
) -> None:
    samples, parents, width = len(x), x.shape[1], x.shape[2] // 4
    mlps, head = weights.mlps, weights.image
    depth, hidden, channels = mlps.widen.shape
    whole = depth - (head is not None and head.collapsed is not None)
    check(x, mlps.widen, depth, hidden, channels, matrix=True)
    check(x, mlps.widen_bias, depth, hidden)
    check(x, mlps.narrow, whole, channels, hidden, matrix=True)
    check(x, mlps.narrow_bias, whole, channels)
    check(x, weights.position, 4 * parents, channels)
    if weights.up is None:
        assert width == channels, (width, channels)
    else:
        check(x, weights.up, channels, width, matrix=True)
    if attention is not None:
        logits = attention.score.shape[1]
        assert weights.output_bias is not None
        assert logits % weights.heads == 0
        check(x, attention.score, samples, logits, channels, matrix=True)
        check(x, attention.score_bias, samples, logits)
        check(x, attention.read_out, samples, channels, logits, matrix=True)
        check(x, weights.output_bias, channels)
    if head is not None:
        check(x, head.weight, len(head.weight), channels, matrix=True)
        check(x, head.bias, len(head.weight))
        if head.collapsed is not None:
            check(x, head.collapsed, len(head.weight), hidden, matrix=True)
    if image_before is not None:
        assert head is not None
        check(x, image_before, samples, parents, len(head.weight))
