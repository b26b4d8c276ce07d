"""The step that updates the discriminator a few times and then the generator, each from a forward pass of its own.

Source: Goodfellow et al. 2014, algorithm 1; with 4 or 5 updates of the discriminator as in WGAN-GP and TransGAN. The
published code of TransGAN has the generator's after the first of them (`generator_after`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import nn

from hitzoo.errors import ArgumentError
from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.objectives.augment.pipe import AugmentPipe, see
from hitzoo.objectives.batch_images import Augment, batch_images
from hitzoo.objectives.critic import ask
from hitzoo.objectives.discriminator_noise import noise_keys
from hitzoo.objectives.losses import Losses, mean_logits, real_signs
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.passes import critic_passes, generator_passes, judging_passes, passes_of
from hitzoo.objectives.path_length import PathLength
from hitzoo.objectives.terms.term import AdversarialLoss, Term, due, questions_of
from hitzoo.objectives.update import Inputs, Networks, Update
from hitzoo.plan.role import Role


@dataclass(frozen=True, kw_only=True)
class Alternating:
    """Training by turns.

    Attributes:
        loss: the adversarial loss.
        penalties: the discriminator's; a lazy one counts the discriminator's updates.
        path_length: the generator's, in an update of its own at the end of some steps.
        discriminator_updates: of each step, beside the generator's one.
        generator_after: how many of them come before the generator's; None: all.
        stale_gradient: ∂L_G/∂θ_D stays in place and is added to ∂L_D/∂θ_D of the discriminator's next update. No
            algorithm asks for it; TransGAN's published code does so, and it is here to be compared with.
        lazy_updates: penalties that are not taken in every update make one of their own, after the discriminator's, on
            its images again and without clipping, as in the published code of StyleGAN2 and StyleSwin. Else they are
            added to the discriminator's loss.
        batch_size: real, and as many fake, images of an update of the discriminator.
        generator_batch_size: fake images of the generator's update; None: as many.
        augment: makes augmented images for terms that ask about them.
        augment_pipe: everything goes to the discriminator through it.
        noise: the discriminator makes noise of keys, which are drawn for it.
        clip_norm: largest norms of networks' gradients.
    """

    loss: AdversarialLoss
    penalties: tuple[Term, ...] = ()
    path_length: PathLength | None = None
    discriminator_updates: int = 1
    generator_after: int | None = None
    stale_gradient: bool = False
    lazy_updates: bool = False
    batch_size: int
    generator_batch_size: int | None = None
    augment: Augment | None = None
    augment_pipe: AugmentPipe | None = None
    noise: bool = False
    clip_norm: Mapping[Role, float] = field(default_factory=dict)
    roles: ClassVar[tuple[Role, ...]] = ("generator", "discriminator")

    def __post_init__(self) -> None:
        if self.discriminator_updates < 1:
            raise ArgumentError("discriminator_updates", self.discriminator_updates, "give 1 or more")
        if not 1 <= self._before <= self.discriminator_updates:
            raise ArgumentError("generator_after", self._before, f"give 1 to {self.discriminator_updates}")
        if self.stale_gradient and self._before == self.discriminator_updates:
            raise ArgumentError("stale_gradient", True, f"give generator_after less than {self._before}")

    def updates(self, step: int) -> tuple[Update, ...]:
        """Return the updates of the discriminator, and the generator's after all or some of them.

        With `lazy_updates` those of penalties follow the discriminator's where a penalty's turn has come. The one by
        path lengths is the step's last.
        """
        paths = self.path_length.updates(step, self._fakes) if self.path_length else ()
        own = Update(
            moves=("discriminator",),
            images=self.batch_size,
            latents=self.batch_size,
            gradients=self.discriminator_gradients,
            clip_norm=self.clip_norm,
        )
        others = Update(
            moves=("generator",),
            images=self._fakes if self._generator_sees_real else 0,
            latents=self._fakes,
            gradients=self.generator_gradients,
            clip_norm=self.clip_norm,
            leaves=("discriminator",) if self.stale_gradient else (),
            averaged=not paths,
        )
        penalties = Update(
            moves=("discriminator",),
            images=self.batch_size,
            latents=self.batch_size if self._penalties_see_fakes else 0,
            gradients=self.penalty_gradients,
            again=True,
        )
        kinds = {"discriminator": own, "penalties": penalties, "generator": others}
        return (*(kinds[word] for word in self._order(step)), *paths)

    def passes(self) -> Mapping[Role, float]:
        """Return the passes per real image that the discriminator learns from."""
        share, term = self._fakes / (self.discriminator_updates * self.batch_size), self.loss.generator
        paths = self.path_length.passes() if self.path_length else 0.0
        judging = passes_of(term.asks) if self.stale_gradient else judging_passes(term)
        added = [one for one in self.penalties if one not in self._lazy]
        lazy = sum(passes_of(one.asks) / one.interval for one in self._lazy)
        return {
            "generator": 1 + share * (generator_passes() + paths),
            "discriminator": critic_passes(self.loss, added) + lazy + share * judging,
        }

    def discriminator_gradients(self, networks: Networks, inputs: Inputs, at: Moment) -> Losses:
        """Add ∂L_D/∂θ_D to the discriminator's gradients; the generator is as it is."""
        penalties = [one for one in due(self.penalties, self._number(at)) if one not in self._lazy]
        questions = questions_of([self.loss.discriminator, *penalties])
        with torch.no_grad(), inputs.forward():
            fake = at_least_float32(networks["generator"](inputs.latents))  # x̂ = G(z)
        batch = batch_images(questions, inputs.real, fake, inputs.random, self.augment)
        seen = see(self.augment_pipe, questions, batch, inputs.random, at.images, inputs.adapted)
        keys = noise_keys(self.noise, questions, batch, inputs.random)
        answers = ask(networks["discriminator"], questions, *seen, inputs.forward, keys)
        adversarial = self.loss.discriminator(answers, at)
        taken = {term.name: term(answers, at) for term in penalties}
        whole = adversarial + sum(term.interval * taken[term.name] for term in penalties)  # L_D
        (inputs.share * whole).backward()
        return Losses(
            terms={"discriminator": adversarial.detach(), **{name: value.detach() for name, value in taken.items()}},
            logits=mean_logits(answers),
            real_signs=real_signs(answers) if self.augment_pipe and self.augment_pipe.adaptive else None,
            augment_p=self.augment_pipe.strength_at(at.images, inputs.adapted) if self.augment_pipe else None,
        )

    def penalty_gradients(self, networks: Networks, inputs: Inputs, at: Moment) -> Losses:
        """Add the gradients of the lazy penalties alone to the discriminator's; weights that they ignore get zeros."""
        penalties = due(self._lazy, self._number(at))
        questions = questions_of(penalties)
        fake = inputs.real[:0]
        if len(inputs.latents):
            with torch.no_grad(), inputs.forward():
                fake = at_least_float32(networks["generator"](inputs.latents))
        batch = batch_images(questions, inputs.real, fake, inputs.random, self.augment)
        seen = see(self.augment_pipe, questions, batch, inputs.random, at.images, inputs.adapted)
        keys = noise_keys(self.noise, questions, batch, inputs.random)
        answers = ask(networks["discriminator"], questions, *seen, inputs.forward, keys)
        taken = {term.name: term(answers, at) for term in penalties}
        parts = [term.interval * taken[term.name] for term in penalties]
        parts += [0 * answer.logits.sum() for answer in answers.values()]
        (inputs.share * torch.stack(parts).sum()).backward()
        return Losses(terms={name: value.detach() for name, value in taken.items()})

    def generator_gradients(self, networks: Networks, inputs: Inputs, at: Moment) -> Losses:
        """Add ∂L_G/∂θ_G to the generator's gradients, through a discriminator that is held as it is.

        With `stale_gradient` add ∂L_G/∂θ_D to the discriminator's too.
        """
        term, critic = self.loss.generator, networks["discriminator"]
        with nullcontext() if self.stale_gradient else frozen(critic):
            with inputs.forward():
                fake = at_least_float32(networks["generator"](inputs.latents))  # x̂ = G(z)
            batch = batch_images(term.asks, inputs.real, fake, inputs.random, self.augment)
            seen = see(self.augment_pipe, term.asks, batch, inputs.random, at.images, inputs.adapted)
            keys = noise_keys(self.noise, term.asks, batch, inputs.random)
            answers = ask(critic, term.asks, *seen, inputs.forward, keys)
            loss = term(answers, at)  # L_G
            (inputs.share * loss).backward()
        return Losses(terms={"generator": loss.detach()})

    def _order(self, step: int) -> list[str]:
        """The kinds of a step's updates."""
        words: list[str] = []
        for place in range(1, self.discriminator_updates + 1):
            words.append("discriminator")
            if due(self._lazy, (step - 1) * self.discriminator_updates + place):
                words.append("penalties")
            if place == self._before:
                words.append("generator")
        return words

    def _number(self, at: Moment) -> int:
        """The number, from 1, of the discriminator's update that a moment is at, or that its penalties follow."""
        place = self._order(at.step)[: at.index + 1].count("discriminator")
        return (at.step - 1) * self.discriminator_updates + place

    @property
    def _lazy(self) -> tuple[Term, ...]:
        """The penalties that make updates of their own."""
        return tuple(term for term in self.penalties if term.interval > 1) if self.lazy_updates else ()

    @property
    def _penalties_see_fakes(self) -> bool:
        return any(not question.on.startswith("real") for term in self._lazy for question in term.asks)

    @property
    def _before(self) -> int:
        return self.discriminator_updates if self.generator_after is None else self.generator_after

    @property
    def _fakes(self) -> int:
        return self.generator_batch_size or self.batch_size

    @property
    def _generator_sees_real(self) -> bool:
        return any(question.on != "fake" for question in self.loss.generator.asks)


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Take no gradients by the weights of a network inside; they pass through it to its inputs."""
    learning = [weight for weight in network.parameters() if weight.requires_grad]
    for weight in learning:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight in learning:
            weight.requires_grad_(True)
