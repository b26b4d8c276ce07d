"""The transformer block of TransGAN: one projection for queries, keys and values, with what attention can have besides.

B batch, F and S the map's two axes (blocks of pixels and the pixels of a block, or rows and columns), C channels,
T latent tokens, h heads, d = C/h.
"""

from __future__ import annotations

import torch

from hitzoo.layers.attend import Kernel, with_bias
from hitzoo.layers.checkpointing import CheckpointedModule
from hitzoo.layers.linear import Linear
from hitzoo.layers.memory_attention import MemoryAttention
from hitzoo.layers.mlp import MLPBlock
from hitzoo.layers.norm import build_norm
from hitzoo.layers.nystrom import along_both_by_landmarks
from hitzoo.layers.registry import register_block
from hitzoo.layers.relative_position import RelativePosition
from hitzoo.layers.self_attention import along_both, along_first, along_second
from hitzoo.layers.token_noise import TokenNoise

LAYER_NORM_EPSILON = 1e-5


@register_block("transformer_block")
class TransformerBlock(CheckpointedModule):
    """x + attention(norm(x)), then x + MLP(norm(x)): [B, F, S, C] -> [B, F, S, C].

    `attention` says which positions attend to which: `global`, `regional` (inside blocks of `block_size`² pixels, which
    the first axis counts), `axial`, or `nystrom`. `position_side` is the side of the square that a relative position
    bias is of, 0 without one. With `noise` there is token noise on what attention takes, and with `token_channels` the
    block begins with attention to latent tokens. Queries, keys and values have no bias; layer norms have epsilon 1e-5.
    Source: Jiang et al. 2021 (TransGAN).
    """

    def __init__(
        self,
        *,
        channels: int,
        heads: int,
        norm: str,
        expansion: int,
        attention: str = "global",
        block_size: int = 0,
        position_side: int = 0,
        noise: bool = False,
        number: int = 0,
        token_channels: int = 0,
    ) -> None:
        super().__init__()
        self.heads, self.attention, self.block_size = heads, attention, block_size
        self.cross = (
            MemoryAttention(channels=channels, token_channels=token_channels, heads=heads, noise=noise)
            if token_channels
            else None
        )
        self.norm = build_norm(norm, channels, layer_epsilon=LAYER_NORM_EPSILON)
        self.noise = TokenNoise(number) if noise else None
        self.query_key_value = Linear(channels, 3 * channels, bias=False)
        self.position = RelativePosition(side=position_side, heads=heads) if position_side else None
        self.output = Linear(channels, channels)
        self.mlp = MLPBlock(channels=channels, norm=norm, expansion=expansion, layer_epsilon=LAYER_NORM_EPSILON)

    def forward(
        self, x: torch.Tensor, tokens: torch.Tensor | None = None, noise_keys: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Add what is read from the tokens [B, T, S], from the map itself, and the MLP's update."""
        if self.cross is not None and tokens is not None:
            x = x + self.cross(x, tokens)
        normed = self.norm(x)
        if self.noise is not None:
            normed = self.noise(normed, noise_keys)
        query, key, value = self.query_key_value(normed).unflatten(-1, (3, self.heads, -1)).unbind(-3)
        kernel = with_bias(self.position()) if self.position is not None else None
        return self.mlp(x + self.output(read(self.attention, query, key, value, kernel).flatten(-2)))


def read(
    attention: str, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, kernel: Kernel | None = None
) -> torch.Tensor:
    """Attend with every head, which has keys and values of its own: [B, F, S, h, d] each -> [B, F, S, h, d]."""
    match attention:
        case "regional":
            return along_second(query, key, value, kernel)
        case "global":
            return along_both(query, key, value, kernel)
        case "nystrom":
            return along_both_by_landmarks(query, key, value)
        case "axial":
            half = query.shape[-2] // 2
            first, second = slice(half), slice(half, None)
            rows = along_second(query[..., first, :], key[..., first, :], value[..., first, :], kernel)
            columns = along_first(query[..., second, :], key[..., second, :], value[..., second, :], kernel)
            return torch.cat((rows, columns), dim=-2)
        case _:
            raise AssertionError(f"no attention is called {attention}")
