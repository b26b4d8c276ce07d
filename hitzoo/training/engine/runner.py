"""Steps on real devices: shards, micro-batches, execution, and the guard before each update."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

import torch

from hitzoo.layers.pixel_range import from_unit
from hitzoo.objectives.batch_random import BatchRandom, Draw
from hitzoo.objectives.losses import Losses
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.update import Inputs, Objective, Update, images_per_step
from hitzoo.plan.role import Role
from hitzoo.runtime.distributed import ALONE, World
from hitzoo.runtime.transfer import send
from hitzoo.spec.types import PixelRange
from hitzoo.training.engine.device_memory import DeviceMemory, moments_to_come
from hitzoo.training.engine.draws import draws_of
from hitzoo.training.engine.equal_parts import refuse_uneven
from hitzoo.training.engine.execution import DEFAULT, Execution
from hitzoo.training.engine.gradient_exchange import exchanging, not_exchanging
from hitzoo.training.engine.gradient_norms import gradient_norms, with_gradient_norms
from hitzoo.training.engine.outcome import Outcome
from hitzoo.training.engine.running_statistics import RunningStatistics
from hitzoo.training.engine.state import TrainState
from hitzoo.training.engine.stream import to_real
from hitzoo.training.engine.unused_weights import META, meta_copy, unused_weights

_CutOff: TypeAlias = Callable[[], AbstractContextManager[None]]


class _Seen(NamedTuple):
    """What an update showed to numbers that follow it, over all processes.

    That is the sum of real logits' signs, the mean path length, and the mean logits of real and of fake images.
    """

    signs: float
    path_length: float
    logits: tuple[float, float]


class StepRunner:
    """Carries out the steps of an objective, each on one global batch of which this process has its shard.

    `micro_batches` is the number of parts in which the shard goes through the networks (gradient accumulation). After
    a step that ended with an error, `whole` is True if nothing of it had reached the weights.
    """

    def __init__(
        self,
        state: TrainState,
        objective: Objective,
        *,
        seed: int,
        latent_dim: int,
        device: torch.device,
        world: World = ALONE,
        execution: Execution = DEFAULT,
        micro_batches: int = 1,
        pixel_range: PixelRange = "unit",
    ) -> None:
        self.state, self.seed, self.latent_dim, self.device = state, seed, latent_dim, device
        self.world, self.execution, self.micro_batches = world, execution, micro_batches
        self.pixel_range = pixel_range
        self.objective = execution.objective(objective, state.networks)
        self.images_per_step = images_per_step(objective)
        self.whole = True
        refuse_uneven(objective, world.size * micro_batches)
        self.networks = execution.networks(state.networks)
        self._connected = world.size == 1
        self._likely: dict[int, tuple[Draw, ...]] = {}  # draws that an update of a step asked for last time

    def __call__(
        self,
        step: int,
        images: torch.Tensor,
        stopping: Callable[[], bool] = lambda: False,
        cutting_off: _CutOff = nullcontext,
        saving: Callable[[], bool] = lambda: False,
    ) -> Outcome:
        """Make step number `step` (from 1) with this process's images, bytes (B/processes, R, R, C).

        A loss or gradient that is not finite, in whichever process, leaves out its update and those after it in all of
        them. `stopping` and `saving` are evaluated once the gradients are there; until those of the first update are,
        `cutting_off` may end the step, as if it had not begun.
        """
        self._connect(images)
        self.whole = True
        parts, damaged = list[Losses](), tuple[str, ...]()
        norms: dict[Role, list[torch.Tensor]] = {}
        stop = save = False
        signs, judged, logits = 0.0, 0, None
        begin, end, before = 0, 0, (step - 1) * self.images_per_step
        left: tuple[Role, ...] = ()  # whose gradients the update before has left
        images = send(images, self.device)  # the whole step's: a piece's would have to be gathered, and waited for
        for index, update in enumerate(self.objective.updates(step)):
            if not update.again:
                begin, end = end, end + update.images // self.world.size
            at = Moment(step, before, index, self.state.compared)
            begun = nullcontext if index else cutting_off
            losses, statistics = self._gradients(update, at, images[begin:end], begun, left)
            parts.append(losses)
            of_weights = {role: gradient_norms(self.state.networks[role], self.device) for role in update.moves}
            damaged, stop, save, seen = self._agree(losses, of_weights, stopping(), saving())
            if damaged:
                statistics.restore()
                break
            self.whole = False
            for role, found in of_weights.items():
                norms.setdefault(role, []).append(torch.linalg.vector_norm(found))
            statistics.settle(self.micro_batches, self.world)
            self._move(update, at)
            left, logits = update.leaves, seen.logits if losses.logits else logits
            if self.state.paths is not None and losses.path_length is not None:
                self.state.paths.after(seen.path_length)
            if losses.real_signs is not None:
                signs, judged = signs + seen.signs, judged + update.images
        self.whole = True
        if not damaged:
            self.state.remember(step, signs, judged, logits)
        return Outcome(with_gradient_norms(Losses.mean(parts), norms), damaged, stop, save)

    def rehearse(self, images: torch.Tensor, further: int = 0) -> None:
        """Compute the gradients of each update, of micro-batches of this size, and forget them, to see whether it fits.

        `further` bytes are needed besides, as for the exchange between processes.

        Raises:
            MemoryError: it does, but leaves no room for these and for the optimizers.
        """
        memory = DeviceMemory(self.device)
        updates = self.objective.updates(1)
        whole = images.repeat(self.micro_batches, 1, 1, 1)
        for index, update in enumerate(updates):
            own = whole[torch.arange(len(whole) * update.images // updates[0].images) % len(whole)]
            statistics = RunningStatistics(self.state.networks.values())
            try:
                self._gradients(update, Moment(1, 0, index), send(own, self.device), nullcontext)
            finally:
                statistics.restore()
                self.state.forget_gradients()
        memory.require(further + moments_to_come(self.state))

    def _connect(self, images: torch.Tensor) -> None:
        """Let the networks exchange their gradients from the first step on, whose images have the size of all."""
        if self._connected:
            return
        on_meta = StepRunner(
            TrainState({role: meta_copy(net) for role, net in self.state.networks.items()}, {}, {}),
            self.objective,
            seed=self.seed,
            latent_dim=self.latent_dim,
            device=META,
            execution=replace(self.execution, compiled=False, one_backward=False),
        )
        batch = images.new_empty(self.images_per_step, *images.shape[1:], device=META)
        found = unused_weights(
            on_meta.state.networks,
            self.objective,
            lambda update, step, index: on_meta._gradients(
                update, Moment(step, 0, index), batch[: update.images], nullcontext
            ),
        )
        bare = self.state.networks
        self.networks = {role: exchanging(net, bare[role], found[role]) for role, net in self.networks.items()}
        self._connected = True

    def _gradients(
        self, update: Update, at: Moment, images: torch.Tensor, cutting_off: _CutOff, left: Collection[Role] = ()
    ) -> tuple[Losses, RunningStatistics]:
        """Put gradients in place, or add them to those of `left`; networks that do not move keep their statistics."""
        self.state.forget_gradients(but=left)
        moving = RunningStatistics(net for role, net in self.state.networks.items() if role in update.moves)
        still = RunningStatistics(net for role, net in self.state.networks.items() if role not in update.moves)
        parts: list[Losses] = []
        draws = self._draws(update, at)
        try:
            with cutting_off(), self.execution.step():
                for index in range(self.micro_batches):
                    parts.append(self._micro_batch(update, at, images, draws, index))
                    moving.take_in()
                    still.restore()
        except BaseException:
            moving.restore()
            still.restore()
            raise
        self._likely[at.index] = draws[1].drawn
        return Losses.mean(parts), moving

    def _draws(self, update: Update, at: Moment) -> tuple[BatchRandom, BatchRandom]:
        """The sources of an update's latents and of its other random numbers, for all its micro-batches."""
        return draws_of(self.seed, update, at, self.latent_dim, self.device, self._likely.get(at.index, ()))

    def _micro_batch(
        self, update: Update, at: Moment, images: torch.Tensor, draws: tuple[BatchRandom, BatchRandom], index: int
    ) -> Losses:
        """Add the gradients of one micro-batch to those of the ones before; the last one exchanges them."""
        own = self.world.shard.cut(index, self.micro_batches)
        latents, random = (source.of(own) for source in draws)
        real = to_real(images[index :: self.micro_batches], self.device, channels_last=self.execution.channels_last)
        inputs = Inputs(
            real=from_unit(real, self.pixel_range),
            latents=latents.normal(self.latent_dim),
            random=random,
            adapted=0.0 if self.state.augmentation is None else self.state.augmentation.p,
            path_mean=0.0 if self.state.paths is None else self.state.paths.value,
            share=1 / self.micro_batches,
            forward=lambda: self.execution.forward(self.device),
            uncompiled=self.execution.uncompiled,
        )
        with ExitStack() as stack:
            for role, network in self.networks.items():
                if role not in (*update.moves, *update.leaves) or index < self.micro_batches - 1:
                    stack.enter_context(not_exchanging(network))
            return update.gradients(self.networks, inputs, at)

    def _agree(
        self, losses: Losses, norms: Mapping[Role, torch.Tensor], stopping: bool, saving: bool
    ) -> tuple[tuple[str, ...], bool, bool, _Seen]:
        """Return what was not finite, whether to stop and to save, by any process, and what adapting numbers follow."""
        terms = {_title(name, self.state.networks.keys()): value for name, value in losses.terms.items()}
        terms |= {f"{role}'s gradient": of_weights.max() for role, of_weights in norms.items()}
        found = torch.stack([*(~value.isfinite() for value in terms.values())]).float()
        wishes = (found.new_full((1,), float(wish)) for wish in (stopping, saving))  # filled there, not copied
        signs = found.new_zeros(1) if losses.real_signs is None else losses.real_signs.float().view(1)
        length = found.new_zeros(1) if losses.path_length is None else losses.path_length.view(1)
        judged = (losses.logits.get(on, found.new_zeros(1)).float().view(1) for on in ("real", "fake"))
        flags = torch.cat((found, *wishes, signs, length, *judged))
        *bad, stop, save, all_signs, lengths, real, fake = self.world.all_reduce_sum(flags).tolist()  # the one wait
        damaged = tuple(name for name, count in zip(terms, bad, strict=True) if count)
        size = self.world.size
        return damaged, bool(stop), bool(save), _Seen(all_signs, lengths / size, (real / size, fake / size))

    def _move(self, update: Update, at: Moment) -> None:
        for role in update.moves:
            if role in update.clip_norm:
                torch.nn.utils.clip_grad_norm_(self.state.networks[role].parameters(), update.clip_norm[role])
        self.state.update(update.moves, at.step, at.images, averaged=update.averaged)


def _title(name: str, roles: Any) -> str:
    """Return a term's name for a message: a network's own loss, or a penalty."""
    return f"{name} loss" if name in roles else f"{name} penalty"
