"""Adam with epsilon where Keras has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn


class KerasAdam(torch.optim.Optimizer):
    """w -= lr·√(1−β2ᵗ)/(1−β1ᵗ) · m/(√v + ε), with m and v the moving averages of the gradient and its square.

    torch's Adam adds ε to √v/√(1−β2ᵗ) instead, which at step t is this with ε·√(1−β2ᵗ): ten times smaller at first for
    β2 = 0.99. With β1 = 0 the average m is the gradient itself and is not kept.
    Source: Kingma and Ba 2015, the note after algorithm 1 ("ε hat"); the official HiT code trains with it.
    """

    def __init__(
        self, params: Iterable[nn.Parameter], *, lr: float, betas: tuple[float, float], eps: float = 1e-7
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "step": 0})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Update every weight that has a gradient."""
        assert closure is None, "KerasAdam takes gradients that are already there"
        for group in self.param_groups:
            group["step"] += 1
            weights = [weight for weight in group["params"] if weight.grad is not None]
            if weights:
                self._update(weights, group)

    def _update(self, weights: list[torch.Tensor], group: dict[str, Any]) -> None:
        beta1, beta2 = group["betas"]
        gradients: Any = [weight.grad for weight in weights]
        squares = self._moments(weights, "exp_avg_sq")
        torch._foreach_mul_(squares, beta2)
        torch._foreach_addcmul_(squares, gradients, gradients, 1 - beta2)
        means = gradients
        if beta1:
            means = self._moments(weights, "exp_avg")
            torch._foreach_lerp_(means, gradients, 1 - beta1)
        rate = group["lr"] * (1 - beta2 ** group["step"]) ** 0.5 / (1 - beta1 ** group["step"])
        denominators = torch._foreach_sqrt(squares)
        torch._foreach_add_(denominators, group["eps"])
        torch._foreach_addcdiv_(weights, means, denominators, -rate)

    def _moments(self, weights: list[torch.Tensor], name: str) -> list[torch.Tensor]:
        for weight in weights:
            if name not in self.state[weight]:
                self.state[weight][name] = torch.zeros_like(weight)
        return [self.state[weight][name] for weight in weights]
