"""A step on real devices: shards, micro-batches, the way it is carried out, and the guard before the update."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from inspect import signature
from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from hitzoo.objectives.batch_random import Draws
from hitzoo.objectives.critic import Judge
from hitzoo.objectives.step import Objective, Players, StepLosses, compute_gradients
from hitzoo.runtime.distributed import ALONE, World
from hitzoo.runtime.seeding import Purpose, torch_generator
from hitzoo.training.engine.execution import DEFAULT, Way
from hitzoo.training.engine.running_statistics import RunningStatistics
from hitzoo.training.engine.state import Trainee
from hitzoo.training.engine.stream import to_real

_FULL = 0.92  # of a device's memory; the rest is for the allocator's gaps


@dataclass(frozen=True)
class Outcome:
    """How a step went: its losses, means over this process's images; what was not finite; what anybody asked for."""

    losses: StepLosses
    damaged: tuple[str, ...]
    stop: bool
    save: bool = False

    @property
    def applied(self) -> bool:
        """Whether the step reached the weights."""
        return not self.damaged


class StepRunner:
    """Carries out updates of a trainee, each on one global batch of which this process has its shard.

    `micro_batches` is the number of pieces the shard is worked off in (gradient accumulation).
    """

    def __init__(
        self,
        trainee: Trainee,
        objective: Objective,
        *,
        seed: int,
        batch_size: int,
        latent_dim: int,
        device: torch.device,
        world: World = ALONE,
        way: Way = DEFAULT,
        micro_batches: int = 1,
    ) -> None:
        self.trainee, self.objective, self.seed = trainee, objective, seed
        self.batch_size, self.latent_dim, self.device = batch_size, latent_dim, device
        self.world, self.way, self.micro_batches = world, way, micro_batches
        self.players = _players(trainee, world, way)

    def __call__(
        self,
        step: int,
        images: torch.Tensor,
        stopping: Callable[[], bool] = lambda: False,
        cutting_off: Callable[[], AbstractContextManager[None]] = nullcontext,
        saving: Callable[[], bool] = lambda: False,
    ) -> Outcome:
        """Make update number `step` (from 1) with this process's images, bytes (B/processes, R, R, C).

        A loss or gradient that is not finite, in whichever process, leaves the weights as they were in all of them.
        `stopping` and `saving` are asked once the gradients are there; until then `cutting_off` may end the step, as if
        it had not begun.
        """
        self._forget_gradients()
        statistics = RunningStatistics(self.trainee.generator)
        try:
            with cutting_off(), self.way.step():
                pieces = [self._piece(step, images, index, statistics) for index in range(self.micro_batches)]
        except BaseException:
            statistics.restore()
            raise
        losses = _mean(pieces)
        damaged, stop, save = self._agree(losses, stopping(), saving())
        if damaged:
            statistics.restore()
        else:
            statistics.settle(self.micro_batches, self.world)
            self.trainee.update(step)
        return Outcome(losses, damaged, stop, save)

    def rehearse(self, images: torch.Tensor) -> None:
        """The gradients of one micro-batch of this size, which are forgotten again: whether it fits.

        Raises:
            MemoryError: it does, but leaves nothing for the optimizers.
        """
        statistics = RunningStatistics(self.trainee.generator)
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
        try:
            with self.way.step():
                self._piece(1, images.repeat(self.micro_batches, 1, 1, 1), self.micro_batches - 1, statistics)
        finally:
            statistics.restore()
            self._forget_gradients()
        if self.device.type == "cuda":
            total = torch.cuda.get_device_properties(self.device).total_memory
            if torch.cuda.max_memory_allocated(self.device) + self._moments() > _FULL * total:
                raise MemoryError

    def _moments(self) -> int:
        """Bytes that the optimizers keep from the first update on, at most."""
        networks = (self.trainee.generator, self.trainee.discriminator)
        return 2 * sum(weight.numel() * weight.element_size() for net in networks for weight in net.parameters())

    def _piece(self, step: int, images: torch.Tensor, index: int, statistics: RunningStatistics) -> StepLosses:
        """The gradients of one micro-batch, added to those of the ones before; the last one exchanges them."""
        own = self.world.shard.cut(index, self.micro_batches)
        latents = Draws(torch_generator(self.seed, Purpose.LATENTS, step), self.batch_size, own)
        draws = Draws(torch_generator(self.seed, Purpose.REGULARIZERS, step), self.batch_size, own)
        real = to_real(images[index :: self.micro_batches], self.device, channels_last=self.way.channels_last)
        with ExitStack() as stack:
            if index < self.micro_batches - 1:
                for network in (self.players.generator, self.players.judge):
                    stack.enter_context(_not_exchanging(network))
            losses = compute_gradients(
                self.players,
                self.objective.due(step),
                latents.normal(self.latent_dim).to(self.device, non_blocking=True),
                real,
                draws,
                share=1 / self.micro_batches,
                forward=lambda: self.way.forward(self.device),
            )
        statistics.take_in()
        return losses

    def _agree(self, losses: StepLosses, stopping: bool, saving: bool) -> tuple[tuple[str, ...], bool, bool]:
        """What was not finite, and whether to stop and to save, by any process's word; the one wait for the device."""
        terms = {
            "generator loss": losses.generator,
            "discriminator loss": losses.discriminator,
            **{f"{name} penalty": value for name, value in losses.penalties.items()},
            "generator's gradient": _gradient_norm(self.trainee.generator),
            "discriminator's gradient": _gradient_norm(self.trainee.discriminator),
        }
        flags = torch.stack([*(~value.isfinite() for value in terms.values())]).float()
        flags = torch.cat((flags, flags.new_tensor([stopping, saving])))
        *bad, stop, save = self.world.all_reduce_sum(flags).tolist()
        return tuple(name for name, count in zip(terms, bad, strict=True) if count), bool(stop), bool(save)

    def _forget_gradients(self) -> None:
        for network in (self.trainee.generator, self.trainee.discriminator):
            network.zero_grad(set_to_none=True)


def _players(trainee: Trainee, world: World, way: Way) -> Players:
    generator, discriminator = trainee.generator, trainee.discriminator
    if not way.channels_last:
        discriminator.to(memory_format=torch.contiguous_format)
    judge: nn.Module = Judge(discriminator, way.input_gradient(discriminator))
    alone = way.images_alone(discriminator)
    if way.compiled:
        generator, judge = _compiled(generator), _compiled(judge)
    if world.size > 1:
        generator, judge = _exchanging(generator), _exchanging(judge)
    return Players(generator=generator, judge=judge, images_alone=alone)


def _compiled(network: nn.Module) -> nn.Module:
    compiled: Any = torch.compile(network, dynamic=False)
    return compiled


def _exchanging(network: nn.Module) -> nn.Module:
    """Gradients become means over all processes; batch norms' statistics are settled by `RunningStatistics`."""
    parameters = signature(DistributedDataParallel).parameters  # the older name warns where the newer is known
    synced = "forward_sync_buffers" if "forward_sync_buffers" in parameters else "broadcast_buffers"
    options: dict[str, Any] = {synced: False}
    return DistributedDataParallel(network, gradient_as_bucket_view=True, **options)


def _not_exchanging(network: nn.Module) -> Any:
    return network.no_sync() if isinstance(network, DistributedDataParallel) else ExitStack()


def _gradient_norm(network: nn.Module) -> torch.Tensor:
    """The largest norm of a gradient: finite only if every entry is, and no square overflows."""
    gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
    return torch.stack(torch._foreach_norm(gradients)).max()


def _mean(pieces: Sequence[StepLosses]) -> StepLosses:
    """The losses of micro-batches of equal size as those of one batch."""
    if len(pieces) == 1:
        return pieces[0]

    def mean(values: Sequence[torch.Tensor]) -> torch.Tensor:
        return torch.stack(list(values)).mean(dim=0)

    return StepLosses(
        generator=mean([piece.generator for piece in pieces]),
        discriminator=mean([piece.discriminator for piece in pieces]),
        penalties={name: mean([piece.penalties[name] for piece in pieces]) for name in pieces[0].penalties},
        real_logits=torch.cat([piece.real_logits for piece in pieces]),
        fake_logits=torch.cat([piece.fake_logits for piece in pieces]),
    )
