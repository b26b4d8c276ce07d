"""Everything that changes in training: networks, moving averages and optimizers, by role."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import nn

from hitzoo.layers.code_book import revive_codes
from hitzoo.layers.san_logit import renormalize_directions
from hitzoo.objectives.augment.adaptive import AdaptiveStrength
from hitzoo.objectives.augment.words import adaptive_strength_of
from hitzoo.objectives.build import path_length_of
from hitzoo.objectives.logit_averages import LogitAverages
from hitzoo.objectives.path_mean import PathMean
from hitzoo.plan.model import ModelPlan
from hitzoo.plan.role import Role
from hitzoo.sampling.initial import initial_network
from hitzoo.spec.adam import adam_of
from hitzoo.spec.batches import images_of_a_step
from hitzoo.spec.types import TrainingSpec
from hitzoo.training.engine.activation_checkpointing import use_activation_checkpointing
from hitzoo.training.engine.adam_numbers import AdamNumbers
from hitzoo.training.engine.ema import MovingAverage
from hitzoo.training.engine.norm_statistics import use_norm_statistics
from hitzoo.training.engine.optimizer import build_optimizer


@dataclass(frozen=True)
class TrainState:
    """The state of a run besides its step; `averages` has the roles whose network is averaged, once or several times.

    `annealed` has the optimizers whose numbers change in the course of a run; they follow from the images alone. The
    strength of an `augmentation` that adapts itself does not, nor do the mean of path lengths (`paths`) and the
    averages of the `logits`.
    """

    networks: Mapping[Role, nn.Module]
    averages: Mapping[Role, tuple[MovingAverage, ...]]
    optimizers: Mapping[Role, torch.optim.Optimizer]
    annealed: Mapping[Role, AdamNumbers] = field(default_factory=dict)
    augmentation: AdaptiveStrength | None = None
    paths: PathMean | None = None
    logits: LogitAverages | None = None

    @property
    def adapting(self) -> Mapping[str, AdaptiveStrength | PathMean | LogitAverages]:
        """The numbers that follow what the run has seen, by name."""
        every = {"augmentation": self.augmentation, "path_length": self.paths, "logits": self.logits}
        return {name: numbers for name, numbers in every.items() if numbers is not None}

    def update(self, moves: Iterable[Role], step: int, images: int = 0, *, averaged: bool = True) -> None:
        """Apply the gradients of the networks that move; their averages follow if `averaged`.

        It is in step number `step` (from 1), before which the run had `images` real images.
        """
        moves = tuple(moves)
        for role in moves:
            if role in self.annealed:
                self.annealed[role].apply(self.optimizers[role], images)
            self.optimizers[role].step()
            renormalize_directions(self.networks[role])
            revive_codes(self.networks[role], step)
        for role in moves if averaged else ():
            for average in self.averages.get(role, ()):
                average.update(self.networks[role], step, images)

    @property
    def compared(self) -> tuple[float, float]:
        """The averages of the mean logits, for terms that compare with them; 0 where none does."""
        return self.logits.values if self.logits is not None else (0.0, 0.0)

    def remember(self, step: int, signs: float, judged: int, logits: tuple[float, float] | None) -> None:
        """Take in what a step showed: the sum of `judged` real logits' signs, and the mean logits of both kinds."""
        if self.logits is not None and logits is not None:
            self.logits.after(*logits)
        if self.augmentation is not None:
            self.augmentation.after(step, signs, judged)

    def forget_gradients(self, but: Collection[Role] = ()) -> None:
        """Drop the gradients of all networks, but of some."""
        for role, network in self.networks.items():
            if role not in but:
                network.zero_grad(set_to_none=True)


def new_state(plan: ModelPlan, training: TrainingSpec, seed: int, device: torch.device) -> TrainState:
    """Make fresh networks on `device`; their weights follow from the seed alone, whatever the device."""
    networks = {role: initial_network(plan, role, seed).to(device) for role in (*_FIRST, *_others(plan))}
    use_norm_statistics(networks["generator"], training)
    images = images_of_a_step(training)
    averages: dict[Role, tuple[MovingAverage, ...]] = {
        role: tuple(MovingAverage(network, one, images) for one in training.averages)
        for role, network in networks.items()
        if role != "discriminator"
    }
    for role, network in networks.items():
        use_activation_checkpointing(network, plan.networks[role], training)
    numbers = {role: AdamNumbers.of(training, role) for role in networks}
    return TrainState(
        networks=networks,
        averages=averages,
        optimizers={
            role: build_optimizer(adam_of(training, role), network.parameters(), numbers[role])
            for role, network in networks.items()
        },
        annealed={role: one for role, one in numbers.items() if one.changes},
        augmentation=adaptive_strength_of(training.augment),
        paths=None if (term := path_length_of(training)) is None else PathMean(term.decay),
        logits=next((LogitAverages(term.decay) for term in training.regularizers if term.kind == "lecam"), None),
    )


_FIRST: tuple[Role, ...] = ("generator", "discriminator")


def _others(plan: ModelPlan) -> list[Role]:
    return [role for role in plan.networks if role not in _FIRST]
