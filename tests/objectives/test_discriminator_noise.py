"""Keys of a discriminator's own noise: one per image, the same for all that is compared of it."""

from __future__ import annotations

import torch
from torch import nn

from hitzoo.objectives.alternating import Alternating
from hitzoo.objectives.batch_random import BatchRandom
from hitzoo.objectives.critic import Critic
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.noise import Noise
from hitzoo.objectives.terms.finite_difference import FiniteDifference
from hitzoo.objectives.terms.wgan_gp import WASSERSTEIN, GradientPenalty
from hitzoo.objectives.update import Inputs
from hitzoo.runtime.shard import Shard


class Recorder(nn.Module):
    """A discriminator that keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.seen: list[tuple[torch.Tensor, torch.Tensor | None]] = []

    def forward(self, images: torch.Tensor, noise_keys: torch.Tensor | None = None) -> torch.Tensor:
        self.seen.append((images.detach(), noise_keys))
        return (self.weight * images.sum((1, 2, 3))).tanh()


def keys_of_a_step(noise: bool, shard: Shard | None = None) -> list[torch.Tensor | None]:
    """The keys of fake, real, mixed and noisy real images, in the order they are judged."""
    objective = Alternating(
        loss=WASSERSTEIN,
        penalties=(GradientPenalty(), FiniteDifference("real", noise=Noise(0.1, 0.5))),
        batch_size=4,
        noise=noise,
    )
    critic = Recorder()
    images = torch.arange(4.0).view(4, 1, 1, 1).expand(4, 3, 2, 2)
    random = BatchRandom(torch.Generator().manual_seed(3), 4)
    if shard is not None:
        images, random = shard.of(images), random.of(shard)
    generator = nn.Sequential(nn.Unflatten(1, (3, 2, 2)))
    inputs = Inputs(real=images, latents=torch.zeros(len(images), 12), random=random)
    networks = {"generator": generator, "discriminator": Critic(critic)}
    objective.discriminator_gradients(networks, inputs, Moment(step=1, images=0, index=0))
    return [keys for _, keys in critic.seen]


def test_all_that_is_compared_of_an_image_has_its_key() -> None:
    fake, real, mixed, noisy = keys_of_a_step(noise=True)
    assert len(set(torch.cat((fake, real, mixed)).tolist())) == 12
    assert torch.equal(noisy, real[:2])


def test_parts_of_a_batch_have_the_keys_of_the_whole() -> None:
    whole = keys_of_a_step(noise=True)
    for index in range(2):
        shard = Shard(index, 2)
        for own, of_all in zip(keys_of_a_step(noise=True, shard=shard)[:3], whole[:3], strict=True):
            assert torch.equal(own, shard.of(of_all))


def test_others_are_given_none() -> None:
    assert keys_of_a_step(noise=False) == [None] * 4
