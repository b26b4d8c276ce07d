"""The step of an autoencoder with codes: differences of pixels and features, an adversarial loss, the quantizer's.

Source: van den Oord et al. 2017, equation 3, and Esser et al. 2021, equations 4 to 7.
Differs from VQGAN: all networks move at once, from one forward pass each, where its discriminator has a pass of its own
after the others moved; and the discriminator learns from the first step on, where VQGAN's begins with its own term.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeAlias

import torch
import torch.nn.functional as F

from hitzoo.layers.in_float32 import at_least_float32
from hitzoo.layers.quantized import Quantized
from hitzoo.objectives.adversarial_weight import AdversarialWeight
from hitzoo.objectives.batch_images import Augment, batch_images
from hitzoo.objectives.critic import ask
from hitzoo.objectives.losses import Losses, mean_logits
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.passes import critic_passes, generator_passes
from hitzoo.objectives.perceptual import Perceptual
from hitzoo.objectives.terms.term import AdversarialLoss, Term, due, questions_of
from hitzoo.objectives.update import Inputs, Networks, Update
from hitzoo.plan.role import Role

Pixels: TypeAlias = Literal["l1", "l2"]


@dataclass(frozen=True, kw_only=True)
class Reconstruction:
    """Losses of an autoencoder.

    Attributes:
        pixels: mean absolute (`l1`) or squared (`l2`) difference.
        pixel_weight: its factor.
        perceptual: a distance between images; None without.
        perceptual_weight: its factor.
        loss: the adversarial loss.
        adversarial: the weight of its decoder's side, and when that begins.
        penalties: the discriminator's.
        batch_size: images of a step.
        augment: makes augmented images for terms that ask about them.
        clip_norm: largest norms of networks' gradients.
    """

    pixels: Pixels = "l1"
    pixel_weight: float = 1.0
    perceptual: Perceptual | None = None
    perceptual_weight: float = 1.0
    loss: AdversarialLoss
    adversarial: AdversarialWeight
    penalties: tuple[Term, ...] = ()
    batch_size: int
    augment: Augment | None = None
    clip_norm: Mapping[Role, float] = field(default_factory=dict)
    roles: ClassVar[tuple[Role, ...]] = ("encoder", "quantizer", "generator", "discriminator")

    def updates(self, step: int) -> tuple[Update, ...]:
        """Return the one update of a step."""
        update = Update(
            moves=self.roles, images=self.batch_size, latents=0, gradients=self.gradients, clip_norm=self.clip_norm
        )
        return (update,)

    def passes(self) -> Mapping[Role, float]:
        """Return what a step takes; the perceptual network, which is none of the model, is not counted."""
        autoencoder: dict[Role, float] = dict.fromkeys(("encoder", "quantizer", "generator"), generator_passes())
        return {**autoencoder, "discriminator": critic_passes(self.loss, self.penalties) + 1}

    def gradients(self, networks: Networks, inputs: Inputs, at: Moment) -> Losses:
        """Add the gradients of all losses to `.grad` of all networks' parameters."""
        with inputs.forward():
            quantized: Quantized = networks["quantizer"](networks["encoder"](inputs.real))
            made = networks["generator"](quantized.codes)  # x̂
        fake = at_least_float32(made)
        taken = self._likeness(inputs, fake)
        likeness = sum(taken.values(), start=fake.new_zeros(()))
        by_image, of_game, logits = self._game(networks, inputs, fake, at)
        if by_image is not None:
            factor, measures = self.adversarial.of(networks["generator"], likeness, made, by_image, at)
        else:
            factor, measures = 0.0, {}
        whole = inputs.share * (likeness + quantized.loss)
        if by_image is None:
            whole.backward()
        else:
            by_made = (inputs.share * factor * by_image).to(made.dtype)
            torch.autograd.backward([whole, made], [torch.ones_like(whole), by_made])
        return Losses(
            terms={
                **{name: value.detach() for name, value in taken.items()},
                "quantizer": quantized.loss.detach(),
                **of_game,
            },
            logits=logits,
            measures=measures | _use_of(quantized),
        )

    def _likeness(self, inputs: Inputs, fake: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the losses between images and their reconstructions, with their weights."""
        distance = F.l1_loss if self.pixels == "l1" else F.mse_loss
        found: dict[str, torch.Tensor] = {self.pixels: self.pixel_weight * distance(fake, inputs.real)}
        if self.perceptual is not None:
            with inputs.forward():
                found["perceptual"] = self.perceptual_weight * self.perceptual(inputs.real, fake).mean()
        return found

    def _game(
        self, networks: Networks, inputs: Inputs, fake: torch.Tensor, at: Moment
    ) -> tuple[torch.Tensor | None, dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        """Add ∂L_D/∂θ_D to the discriminator's gradients.

        Returns ∂L_G/∂x̂ [B, C, R, R], or None before it counts, the losses of both sides, and the mean logits.
        """
        penalties = due(self.penalties, at.step)
        images = fake.detach().requires_grad_()
        questions = questions_of([self.loss.generator, self.loss.discriminator, *penalties])
        batch = batch_images(questions, inputs.real, images, inputs.random, self.augment)
        answers = ask(networks["discriminator"], questions, batch, forward=inputs.forward)
        of_decoder = self.loss.generator(answers, at)
        adversarial = self.loss.discriminator(answers, at)
        taken = {term.name: term(answers, at) for term in penalties}
        by_image = None
        if self.adversarial.counts(at):
            (by_image,) = torch.autograd.grad(of_decoder, images, retain_graph=True)
        whole = adversarial + sum(term.interval * taken[term.name] for term in penalties)
        (inputs.share * whole).backward()
        terms = {"generator": of_decoder, "discriminator": adversarial, **taken}
        return by_image, {name: value.detach() for name, value in terms.items()}, mean_logits(answers)


def _use_of(quantized: Quantized) -> dict[str, torch.Tensor]:
    """Return the share of the codes that these images use, that of an even choice, and the perplexity of theirs."""
    chosen, places = quantized.shares.detach(), quantized.indices.numel()
    return {
        "codes/usage_if_even": chosen.new_full((), 1 - (1 - 1 / len(chosen)) ** places),  # filled there, not copied
        "codes/usage": (chosen > 0).float().mean(),
        "codes/perplexity": torch.special.entr(chosen).sum().exp(),
    }
