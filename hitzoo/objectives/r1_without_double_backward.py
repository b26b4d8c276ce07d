"""R1 at the price of ordinary training, for a discriminator of convolutions, linear maps and leaky rectifiers.

Around given images such a network is linear: its rectifiers only choose which entries they scale. With x an image,
δ the gradient of its logit by the output of some layer W, and v the input that layer gets when the network, its
rectifiers held as x set them and its biases left out, runs on a direction v₀ instead of x,

    ∂D(x)/∂W = δ·xᵀ        and        ∂⟨∇_x D(x), v₀⟩/∂W = δ·vᵀ.

For dL/dD = s and dL/d∇_x D = v₀ of one image, as v₀ = 2q·∇_x D of a penalty q·‖∇_x D‖², the whole gradient is
δ·(s·x + v)ᵀ, and s·x + v is what the layer sees when the held network, its biases scaled by s, runs on s·x₀ + v₀: one
more pass forward, and one product for each weight. So logits, gradient and all that is learnt of both take 4 passes'
worth of arithmetic (forward, input gradient, held forward, weights) where the double backward takes 6, and no second
graph is kept.

Source: the identity is our own use of bilinearity; tests hold it against double backward.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.overrides import TorchFunctionMode

from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.objectives.input_gradient import LogitsAndGradient


def by_replay(discriminator: nn.Module, images: torch.Tensor) -> LogitsAndGradient:
    """Take logits and the gradient by the images as `input_gradient.py` does.

    Every weight must enter through a convolution or a linear layer, every other operation be linear in the images or a
    leaky rectifier, and no image may touch another's logit. By an image, the logit's derivative is the gradient itself,
    and the gradient's is 0.
    """
    logits, gradient = _Replayed.apply(discriminator, images, *discriminator.parameters())
    return logits, gradient


class _Replayed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, discriminator: nn.Module, images: torch.Tensor, *weights: torch.Tensor) -> Any:
        with torch.enable_grad():
            images = images.detach().requires_grad_()
            with _Recording() as tape:
                logits = at_least_float32(discriminator(images))
            gradient, *deltas = torch.autograd.grad(logits.sum(), [images, *tape.outputs])
        ctx.discriminator, ctx.weights, ctx.autocast = discriminator, weights, _autocast(images.device.type)
        ctx.parts = len(deltas)
        ctx.save_for_backward(images.detach(), gradient, *deltas, *(map_.detach() for map_ in tape.rectified))
        return logits.detach(), gradient

    @staticmethod
    def backward(ctx: Any, *incoming: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        for_logits, along = incoming
        images, gradient, *maps = ctx.saved_tensors
        start = _each(for_logits, images) * images + along
        replay = _Replay(maps[: ctx.parts], maps[ctx.parts :], for_logits)
        with torch.enable_grad(), ctx.autocast(), replay:  # gradients are for weights that layers scale
            held = ctx.discriminator(start)
        found = torch.autograd.grad(replay.weights, ctx.weights, replay.gradients, allow_unused=True)
        _refuse_other_uses(held, [weight for weight, each in zip(ctx.weights, found, strict=True) if each is None])
        by_images = _each(for_logits, images) * gradient if ctx.needs_input_grad[1] else None
        return None, by_images, *found


class _Recording(TorchFunctionMode):
    """Records the outputs of layers with weights, and the inputs of rectifiers."""

    def __init__(self) -> None:
        super().__init__()
        self.outputs: list[torch.Tensor] = []
        self.rectified: list[torch.Tensor] = []

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        if function is F.leaky_relu:
            self.rectified.append(args[0])
        elif _has_weights(function, args):
            self.outputs.append(result)
        return result


class _Replay(TorchFunctionMode):
    """Runs the network held as it was recorded, and collects every weight's gradient on the way.

    `weights` are those that layers used, scaled ones where they were scaled; `gradients` belong to them.
    """

    def __init__(self, deltas: Sequence[torch.Tensor], rectified: Sequence[torch.Tensor], scale: torch.Tensor) -> None:
        super().__init__()
        self.scale = scale
        self.weights: list[torch.Tensor] = []
        self.gradients: list[torch.Tensor] = []
        self._deltas, self._rectified = iter(deltas), iter(rectified)

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if function is F.leaky_relu:
            return self._rectifier(*args, **(kwargs or {}))
        if _has_weights(function, args):
            return self._layer(function, *args, **(kwargs or {}))
        return function(*args, **(kwargs or {}))

    def _rectifier(self, image: torch.Tensor, negative_slope: float = 0.01, inplace: bool = False) -> torch.Tensor:
        """Scale what the recorded map has scaled: its own derivative there."""
        scaled: torch.Tensor = torch.ops.aten.leaky_relu_backward(image, next(self._rectified), negative_slope, False)
        return scaled

    @torch.no_grad()
    def _layer(
        self,
        function: Callable[..., torch.Tensor],
        image: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        **options: Any,
    ) -> torch.Tensor:
        delta = next(self._deltas)
        self._add(weight, _WEIGHT_GRADIENT[function](delta, image.to(delta.dtype), weight, **options))
        result = function(image, weight, None, **options)
        if bias is None:
            return result
        scale = _each(self.scale, result)
        self._add(bias, (at_least_float32(delta) * scale).sum(dim=(0, *range(2, delta.dim()))))
        return result + (scale * bias.view(-1, *[1] * (result.dim() - 2))).to(result.dtype)

    def _add(self, weight: torch.Tensor, gradient: torch.Tensor) -> None:
        self.weights.append(weight)
        self.gradients.append(gradient.to(weight.dtype))


def _refuse_other_uses(held: torch.Tensor, missing: Sequence[torch.Tensor]) -> None:
    """Refuse weights without a gradient that do take part: layers are replayed without a graph, other uses are not."""
    if not missing or not held.requires_grad:
        return
    found = torch.autograd.grad(held, missing, torch.ones_like(held), allow_unused=True)
    for weight, gradient in zip(missing, found, strict=True):
        if gradient is not None:
            raise RuntimeError(
                f"a weight of shape {tuple(weight.shape)} enters otherwise than as that of a convolution or a linear"
                " layer; R1 has no gradient for it without double backward"
            )


def _of_convolution(
    delta: torch.Tensor, image: torch.Tensor, weight: torch.Tensor, *, stride: int, padding: int, groups: int
) -> torch.Tensor:
    found: torch.Tensor = torch.ops.aten.convolution_backward(
        delta, image, weight.to(delta.dtype), None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], groups,
        [False, True, False],
    )[1]  # fmt: skip
    return found


def _of_linear(delta: torch.Tensor, image: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return delta.t() @ image


_WEIGHT_GRADIENT: dict[Callable[..., Any], Callable[..., torch.Tensor]] = {
    F.conv2d: _of_convolution,
    F.linear: _of_linear,
}


def _has_weights(function: Callable[..., Any], args: Sequence[Any]) -> bool:
    """Recognise a convolution or linear layer whose kernel is learnt; the blur's is not."""
    return function in _WEIGHT_GRADIENT and args[1].requires_grad


def _each(values: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Shape one value per image to multiply maps."""
    return values.view(-1, *[1] * (like.dim() - 1))


def _autocast(device: str) -> Callable[[], Any]:
    """Return the present autocast, to be entered again in the backward pass."""
    if not torch.amp.is_autocast_available(device):  # the meta device
        return nullcontext
    enabled, dtype = torch.is_autocast_enabled(device), torch.get_autocast_dtype(device)
    return lambda: torch.autocast(device, dtype, enabled=enabled)
