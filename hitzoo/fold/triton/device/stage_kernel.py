"""The kernel of a whole pixel-wise stage; a sample's programs take tiles of its rows in turn."""

from __future__ import annotations

import triton
import triton.language as tl

from hitzoo.fold.triton.device.attend_tile import attend_tile
from hitzoo.fold.triton.device.mlp_tile import add_mlp, keep_mlp
from hitzoo.fold.triton.device.operand import right_operand
from hitzoo.fold.triton.device.product import product


@triton.jit
def stage_kernel(
    x,
    up,
    position,
    score,
    score_bias,
    read_out,
    output_bias,
    widen,
    widen_bias,
    narrow,
    narrow_bias,
    to_image,
    image_bias,
    collapsed,
    image_before,
    out,
    image,
    count,
    programs,
    IN: tl.constexpr,
    C: tl.constexpr,
    H: tl.constexpr,
    K: tl.constexpr,
    IN_BLOCK: tl.constexpr,
    K_BLOCK: tl.constexpr,
    DEPTH: tl.constexpr,
    HEADS: tl.constexpr,
    TOKENS: tl.constexpr,
    ROWS: tl.constexpr,
    CHUNK: tl.constexpr,
    KEPT: tl.constexpr,
    GELU: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """`reference.pixel_stage` on `count` = 4n rows per sample, each of IN = C_in/4 numbers; operands that are None skip
    their part.

    A sample has `programs` programs. _BLOCK: a width padded to the size that `tl.dot` needs.
    """
    sample = tl.cast(tl.program_id(0) // programs, tl.int64)  # B·4n·C may be past 2^31; 4n·C is not
    x += sample * count * IN
    WIDTH: tl.constexpr = HEADS * TOKENS
    kept = ()
    if KEPT:
        kept = _keep_stage(widen, narrow, collapsed, DEPTH, C, H, K, K_BLOCK, CHUNK)
    if up is not None:
        up = right_operand(up, IN, IN, C, IN_BLOCK, C)
    if score is not None:
        score = right_operand(score + sample * WIDTH * C, C, C, WIDTH, C, WIDTH)
        read_out = right_operand(read_out + sample * C * WIDTH, WIDTH, WIDTH, C, WIDTH, C)
    if to_image is not None:
        to_image = right_operand(to_image, C, C, K, C, K_BLOCK)
    channel = tl.arange(0, C)[None, :]
    colour = tl.arange(0, K_BLOCK)[None, :]
    LAST: tl.constexpr = DEPTH - 1
    WHOLE: tl.constexpr = DEPTH if collapsed is None else LAST  # MLPs that are not collapsed with the head
    for tile in tl.range(tl.program_id(0) % programs, tl.cdiv(count, ROWS), programs):
        row = tile * ROWS + tl.arange(0, ROWS)[:, None]
        inside = row < count
        total = _enter(x, up, position, row, inside, IN, IN_BLOCK, C, PRECISION)
        if score is not None:
            asked = tl.load(score_bias + sample * WIDTH + tl.arange(0, WIDTH))
            shift = tl.load(output_bias + tl.arange(0, C))
            total = attend_tile(total, score, asked, read_out, shift, HEADS, TOKENS, PRECISION)
        for i in tl.static_range(WHOLE):
            features = total.to(x.dtype.element_ty)
            total += tl.load(narrow_bias + i * C + channel).to(tl.float32)
            wide, bias, thin = widen + i * H * C, widen_bias + i * H, narrow + i * H * C
            total = add_mlp(total, features, kept, i, wide, bias, thin, H, C, CHUNK, KEPT, GELU, PRECISION)
        features = total.to(x.dtype.element_ty)
        if to_image is not None:
            drawn = inside & (colour < K)
            pixel = _image_before(image_before, image_bias, sample * count, row, drawn, K, K_BLOCK)
            pixel = product(features, to_image, pixel, PRECISION)
            if collapsed is not None:
                wide, bias = widen + LAST * H * C, widen_bias + LAST * H
                pixel = add_mlp(pixel, features, kept, LAST, wide, bias, collapsed, H, K, CHUNK, KEPT, GELU, PRECISION)
            place = image + sample * count * K + (row * K + colour)
            tl.store(place, pixel.to(image.dtype.element_ty), mask=drawn)
        if collapsed is None:
            tl.store(out + sample * count * C + (row * C + channel), features, mask=inside)


@triton.jit
def _keep_stage(
    widen,
    narrow,
    collapsed,
    DEPTH: tl.constexpr,
    C: tl.constexpr,
    H: tl.constexpr,
    K: tl.constexpr,
    K_BLOCK: tl.constexpr,
    CHUNK: tl.constexpr,
):
    kept = ()
    for i in tl.static_range(DEPTH):
        if i == DEPTH - 1 and collapsed is not None:
            kept += keep_mlp(widen + i * H * C, collapsed, C, H, K, K_BLOCK, CHUNK)
        else:
            kept += keep_mlp(widen + i * H * C, narrow + i * H * C, C, H, C, C, CHUNK)
    return kept


@triton.jit
def _enter(
    x,
    up,
    position,
    row,
    inside,
    IN: tl.constexpr,
    IN_BLOCK: tl.constexpr,
    C: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """up·x + position, float32 [R, C]: a row is one of the four slices of a parent's channels, in order."""
    slot = tl.arange(0, IN_BLOCK)[None, :]
    rows = tl.load(x + (row * IN + slot), mask=inside & (slot < IN), other=0.0)
    total = tl.load(position + (row * C + tl.arange(0, C)[None, :]), mask=inside, other=0.0).to(tl.float32)
    if up is None:
        total += rows.to(tl.float32)
    else:  # not after a return: Triton compiles what stands behind one, here with an operand that is None
        total = product(rows, up, total, PRECISION)
    return total


@triton.jit
def _image_before(image_before, image_bias, first, row, drawn, K: tl.constexpr, K_BLOCK: tl.constexpr):
    """The head's bias, and the parents' pixels of the image so far: float32 [R, K_BLOCK]."""
    colour = tl.arange(0, K_BLOCK)[None, :]
    bias = tl.load(image_bias + colour, mask=colour < K, other=0.0).to(tl.float32)
    pixel = tl.zeros([row.shape[0], K_BLOCK], tl.float32) + bias
    if image_before is not None:
        parent = image_before + first // 4 * K + (row // 4 * K + colour)
        pixel += tl.load(parent, mask=drawn, other=0.0).to(tl.float32)
    return pixel
