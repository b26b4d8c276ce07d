"""StyleGAN2's generator once more, the slow way: a kernel per image, zeros between pixels, one filter at a time."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

State = dict[str, torch.Tensor]


def styles(state: State, z: torch.Tensor, layers: int) -> torch.Tensor:
    x = z / (z.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()
    for index in range(layers):
        weight, bias = (state[f"mapping.layers.{index}.{name}"] for name in ("weight", "bias"))
        x = rectified(0.01 * (x @ weight.T / math.sqrt(weight.shape[1]) + bias))
    return x


def image(state: State, w: list[torch.Tensor], noise: list[torch.Tensor] | None, stages: int) -> torch.Tensor:
    """The image of one sample; `w` holds a style per place, `noise` a map per convolution."""
    x, picture = state["initial.weight"], torch.zeros(())
    for index in range(stages):
        if index:
            x = conv(state, f"stages.{index}.up", x, w[2 * index - 1], noise and noise[2 * index - 1], up=True)
        x = conv(state, f"stages.{index}.conv", x, w[2 * index], noise and noise[2 * index])
        own = modulated(state, f"stages.{index}.to_rgb.conv", x, w[2 * index + 1], demodulate=False)
        own = own + state[f"stages.{index}.to_rgb.bias"][:, None, None]
        picture = own + filtered(spread(picture), (2, 1), 4.0) if index else own
    return picture


def conv(
    state: State, name: str, x: torch.Tensor, w: torch.Tensor, noise: torch.Tensor | None, up: bool = False
) -> torch.Tensor:
    x = modulated(state, f"{name}.conv", x, w, up=up)
    if noise is not None:
        x = x + state[f"{name}.strength"] * noise
    return rectified(x + state[f"{name}.bias"][:, None, None])


def modulated(
    state: State, name: str, x: torch.Tensor, w: torch.Tensor, *, demodulate: bool = True, up: bool = False
) -> torch.Tensor:
    weight, style = state[f"{name}.weight"], state[f"{name}.style.weight"]
    scale = style @ w / math.sqrt(len(w)) + state[f"{name}.style.bias"]
    own = weight / math.sqrt(weight[0].numel()) * scale[None, :, None, None]
    if demodulate:
        own = own / (own.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
    if not up:
        return F.conv2d(x, own, padding=own.shape[-1] // 2)
    return filtered(F.conv2d(F.pad(spread(x), (2, 1, 2, 1)), own.flip(2, 3)), (1, 1), 4.0)


def spread(x: torch.Tensor) -> torch.Tensor:
    """Zeros after every pixel: r to 2r."""
    wide = x.new_zeros(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3])
    wide[..., ::2, ::2] = x
    return wide


def filtered(x: torch.Tensor, padding: tuple[int, int], gain: float) -> torch.Tensor:
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=x.dtype)
    kernel = gain * torch.outer(taps, taps) / 64
    x = F.pad(x, (*padding, *padding))
    return torch.cat([F.conv2d(one[:, None], kernel[None, None]) for one in x.unbind(1)], dim=1)


def rectified(x: torch.Tensor) -> torch.Tensor:
    return torch.where(x > 0, x, 0.2 * x) * math.sqrt(2)
