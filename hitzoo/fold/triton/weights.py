"""The weights of a pixel-wise stage as its kernel reads them: contiguous, matrices as [outputs, inputs].

C channels, H hidden features, D MLPs, K image channels, h heads, T latent tokens, B samples, n pixels before the
upsampling and 4n after it. Matrices have the type of the features; biases, positions and tables any floating type.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True, kw_only=True)
class LatentAttention:
    """Attention to the latent tokens as two matrices per sample: one for the scores and one to read out the values.

    score [B, h·T, C] and score_bias [B, h·T] give the logits, with the scale 1/√d; read_out [B, C, h·T] is the values
    times the output's weight.
    """

    score: torch.Tensor
    score_bias: torch.Tensor
    read_out: torch.Tensor


@dataclass(frozen=True, kw_only=True)
class MLPWeights:
    """D MLPs one after the other: widen [D, H, C], widen_bias [D, H], narrow [D, C, H], narrow_bias [D, C].

    Where the last is merged with the image head, `narrow` and `narrow_bias` have D - 1 rows.
    """

    widen: torch.Tensor
    widen_bias: torch.Tensor
    narrow: torch.Tensor
    narrow_bias: torch.Tensor


@dataclass(frozen=True, kw_only=True)
class ImageWeights:
    """The head to K image channels: weight [K, C], bias [K].

    With `collapsed` [K, H], the head's weight times the last MLP's narrow, the stage ends in the image: that MLP's own
    narrow bias is then in `bias`, and no features are written.
    """

    weight: torch.Tensor
    bias: torch.Tensor
    collapsed: torch.Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class StageWeights:
    """All weights of a stage that do not depend on the latent.

    position: [4n, C], the position table in the order of the rows, the upsampler's bias in it.
    up: [C, C_in/4]; None where the width of the four slices is C already.
    heads, output_bias: of the attention to the latent, [C]; None where the stage has none.
    """

    position: torch.Tensor
    mlps: MLPWeights
    up: torch.Tensor | None = None
    heads: int = 1
    output_bias: torch.Tensor | None = None
    image: ImageWeights | None = None
