"""The discriminator's end: from the 4×4 map to one logit."""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from hitzoo.layers.conv_stem import SLOPE
from hitzoo.layers.equalized import Conv, Dense
from hitzoo.layers.in_float32 import outside_autocast
from hitzoo.layers.registry import register_block
from hitzoo.layers.san_logit import SanLogit


@register_block("logit_head")
class LogitHead(nn.Module):
    """conv3×3, flatten in (h, w, c) order, two linear layers: [B, C, 4, 4] -> [B].

    Under autocast the logit itself is computed in float32. `minibatch_std` is the group size of the minibatch standard
    deviation feature that precedes the convolution; 0 for none. With `san` the last layer is a `SanLogit`.
    """

    logit: Dense | SanLogit

    def __init__(self, *, channels: int, side: int, minibatch_std: int, equalized: bool, san: bool = False) -> None:
        super().__init__()
        self.group = minibatch_std
        extra = 1 if minibatch_std else 0
        self.conv = Conv(channels + extra, channels, 3, equalized=equalized)
        self.hidden = Dense(side * side * channels, channels, equalized=equalized)
        self.logit = SanLogit(channels) if san else Dense(channels, 1, equalized=equalized)

    def forward(self, x: torch.Tensor, *, directions: bool = False) -> torch.Tensor:
        """One logit per image; with `directions` a second row holds those of the direction (`san_logit.py`)."""
        if self.group:
            x = torch.cat((x, minibatch_std(x, self.group)), dim=1)
        x = F.leaky_relu(self.conv(x), SLOPE)
        x = F.leaky_relu(self.hidden(x.permute(0, 2, 3, 1).flatten(1)), SLOPE)
        if isinstance(self.logit, SanLogit):
            return outside_autocast(partial(self.logit, directions=directions), x)
        return outside_autocast(self.logit, x).squeeze(1)


def minibatch_std(x: torch.Tensor, group: int) -> torch.Tensor:
    """Mean standard deviation over the images of a group, as one constant map: [B, C, r, r] -> [B, 1, r, r].

    Images i, i + B/group, i + 2·B/group, … form a group, as TensorFlow's reshape with the group axis first has it.
    Source: Karras et al. 2018, section 3; the variance is offset by 1e-8 before the root.
    """
    batch, _, side, _ = x.shape
    group = min(group, batch)
    members = x.unflatten(0, (group, -1))
    deviation = (members.var(dim=0, correction=0) + 1e-8).sqrt().mean(dim=(1, 2, 3))
    return deviation.repeat(group).view(batch, 1, 1, 1).expand(batch, 1, side, side)
