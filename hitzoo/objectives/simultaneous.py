"""The step that updates both networks at once, from one forward pass of each.

Source: the official HiT code's step, with the gradients of both taken before either moves (Mescheder et al. 2018,
section 2: simultaneous gradient descent).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch

from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.objectives.augment.pipe import AugmentPipe, see
from hitzoo.objectives.batch_images import Augment, batch_images
from hitzoo.objectives.critic import ask
from hitzoo.objectives.discriminator_noise import noise_keys
from hitzoo.objectives.losses import Losses, mean_logits, real_signs
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.passes import critic_passes, generator_passes
from hitzoo.objectives.path_length import PathLength
from hitzoo.objectives.terms.term import AdversarialLoss, Answers, Term, due, questions_of
from hitzoo.objectives.update import Inputs, Networks, Update
from hitzoo.plan.role import Role


@dataclass(frozen=True, kw_only=True)
class Simultaneous:
    """An adversarial loss, the discriminator's penalties, and the `augment` that makes augmented images for them.

    Everything goes to the discriminator through the `augment_pipe`; with `noise` the discriminator makes noise of keys,
    which are drawn for it. `path_length` makes updates of the generator alone in some steps. `clip_norm` holds largest
    norms of networks' gradients.
    """

    loss: AdversarialLoss
    penalties: tuple[Term, ...] = ()
    path_length: PathLength | None = None
    batch_size: int
    augment: Augment | None = None
    augment_pipe: AugmentPipe | None = None
    noise: bool = False
    clip_norm: Mapping[Role, float] = field(default_factory=dict)
    roles: ClassVar[tuple[Role, ...]] = ("generator", "discriminator")

    def updates(self, step: int) -> tuple[Update, ...]:
        """Return the one update of both networks, and the generator's by path lengths where its turn has come."""
        paths = self.path_length.updates(step, self.batch_size) if self.path_length else ()
        both = Update(
            moves=self.roles,
            images=self.batch_size,
            latents=self.batch_size,
            gradients=self.gradients,
            clip_norm=self.clip_norm,
            averaged=not paths,
        )
        return (both, *paths)

    def passes(self) -> Mapping[Role, float]:
        """Return what a step takes, counted as training a network is: thrice a forward pass."""
        paths = self.path_length.passes() if self.path_length else 0.0
        return {"generator": generator_passes() + paths, "discriminator": critic_passes(self.loss, self.penalties) + 1}

    def gradients(self, networks: Networks, inputs: Inputs, at: Moment) -> Losses:
        """Add the gradients of both losses to `.grad` of both networks' parameters."""
        penalties = due(self.penalties, at.step)
        terms = [self.loss.generator, self.loss.discriminator, *penalties]
        with inputs.forward():
            fake = networks["generator"](inputs.latents)  # x̂ = G(z)
        images = at_least_float32(fake.detach()).requires_grad_()
        questions = questions_of(terms)
        batch = batch_images(questions, inputs.real, images, inputs.random, self.augment)
        seen = see(self.augment_pipe, questions, batch, inputs.random, at.images, inputs.adapted)
        keys = noise_keys(self.noise, questions, batch, inputs.random)
        answers = ask(networks["discriminator"], questions, *seen, inputs.forward, keys)  # D(x), D(x̂), ‖∇D(x)‖², …
        of_generator = self.loss.generator(answers, at)  # L_G
        adversarial = self.loss.discriminator(answers, at)
        taken = {term.name: term(answers, at) for term in penalties}
        of_discriminator = adversarial + sum(term.interval * taken[term.name] for term in penalties)  # L_D
        by_image = self.backward(inputs.share * of_generator, inputs.share * of_discriminator, answers, images)
        torch.autograd.backward([fake], [by_image.to(fake.dtype)])  # ∂L_G/∂θ_G = ∂L_G/∂x̂ · ∂G(z)/∂θ_G
        return Losses(
            terms={
                "generator": of_generator.detach(),
                "discriminator": adversarial.detach(),
                **{name: value.detach() for name, value in taken.items()},
            },
            logits=mean_logits(answers),
            real_signs=real_signs(answers) if self.augment_pipe and self.augment_pipe.adaptive else None,
            augment_p=self.augment_pipe.strength_at(at.images, inputs.adapted) if self.augment_pipe else None,
        )

    def backward(
        self, generator: torch.Tensor, discriminator: torch.Tensor, answers: Answers, images: torch.Tensor
    ) -> torch.Tensor:
        """Add ∂L_D/∂θ_D to the discriminator's gradients and return ∂L_G/∂x̂: [B, C, R, R]."""
        (by_image,) = torch.autograd.grad(generator, images, retain_graph=True)
        discriminator.backward()
        return by_image
