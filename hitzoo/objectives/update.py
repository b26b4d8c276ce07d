"""Training as a program: a step is a sequence of updates, each of which moves some of the networks once.

B images per batch, C channels, R pixels per side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import torch
from torch import nn

from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.objectives.losses import Losses
from hitzoo.objectives.moment import Moment
from hitzoo.plan.role import Role

Networks: TypeAlias = Mapping[Role, nn.Module]
"""The networks by role, as they run: the discriminator is a `Critic`, and any may be compiled or distributed."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The material of an update, or of one micro-batch of it.

    Attributes:
        real: images [B, C, R, R] in [-1, 1]; none, [0, C, R, R], where the update takes none.
        latents: [B, latent_dim].
        random: draws for augmentations and interpolation, on the device of the images.
        adapted: strength of an augmentation that adapts itself.
        path_mean: moving average of path lengths, before the update.
        share: part of the update's images that these are; gradients are scaled by it.
        forward: entered for the networks' forward passes, such as autocast.
        uncompiled: entered for those that are differentiated twice, which compiled networks cannot be.
    """

    real: torch.Tensor
    latents: torch.Tensor
    random: BatchRandom
    adapted: float = 0.0
    path_mean: float = 0.0
    share: float = 1.0
    forward: Callable[[], AbstractContextManager[None]] = nullcontext
    uncompiled: Callable[[], AbstractContextManager[None]] = nullcontext


@dataclass(frozen=True, kw_only=True)
class Update:
    """One optimizer step of one or more networks.

    Attributes:
        moves: roles of the networks that it changes.
        images: real images it takes from the stream, of the global batch.
        again: it takes those of the update before once more instead, and none from the stream.
        latents: fake images it makes, of the global batch.
        gradients: adds its gradients to `.grad` of the networks that move and of those it leaves some to, of no other.
        clip_norm: largest norms of networks' whole gradients, which are scaled down to them; others stay as they are.
        leaves: roles of networks that do not move whose gradients stay in place: the step's next update adds to them.
        averaged: networks that move are taken into their averages; not where the step moves them once more.
    """

    moves: tuple[Role, ...]
    images: int
    latents: int
    gradients: Callable[[Networks, Inputs, Moment], Losses]
    clip_norm: Mapping[Role, float] = field(default_factory=dict)
    again: bool = False
    leaves: tuple[Role, ...] = ()
    averaged: bool = True


class Objective(Protocol):
    """A program that trains networks."""

    @property
    def roles(self) -> tuple[Role, ...]:
        """The networks it trains."""

    def updates(self, step: int) -> tuple[Update, ...]:
        """Return the updates of step number `step` (from 1), in their order; one is the generator's last."""

    def passes(self) -> Mapping[Role, float]:
        """Return, per real image, how many forward passes' worth of arithmetic each network takes, on average."""


def images_per_step(objective: Objective) -> int:
    """Return the real images that a step takes from the stream, the same in each."""
    return sum(update.images for update in objective.updates(1) if not update.again)
