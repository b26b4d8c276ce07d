"""What two processes compute together, and one alone on the same global batch; the two are started once for all tests.

All in float64, so that nothing but a different algorithm makes a difference.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import torch
import torch.distributed as dist
from safetensors.torch import save_file
from torch import nn

from hitzoo.errors import RunError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.objectives.alternating import Alternating
from hitzoo.objectives.build import objective_of
from hitzoo.objectives.losses import Losses
from hitzoo.objectives.moment import Moment
from hitzoo.objectives.simultaneous import Simultaneous
from hitzoo.objectives.terms.r1 import R1
from hitzoo.objectives.terms.relativistic import RELATIVISTIC
from hitzoo.objectives.terms.wgan_gp import GradientPenalty
from hitzoo.objectives.update import Inputs, Networks, Objective
from hitzoo.plan.role import Role
from hitzoo.runtime.distributed import ALONE, World
from hitzoo.training.engine import runner as runner_module
from hitzoo.training.engine.execution import DEFAULT, Execution
from hitzoo.training.engine.outcome import Outcome
from hitzoo.training.engine.runner import StepRunner
from hitzoo.training.engine.state import TrainState, new_state
from tests.processes.launch import run_alike
from tests.processes.start import Starter
from tests.support import fill
from tests.training.conftest import TINY

BATCH = 8
CPU = torch.device("cpu")
BOTH = "training.regularizers=[{kind: r1, weight: 3.0}, {kind: bcr, weight: 2.0, augment: [flip, color, cutout]}]"
LAYER, MEET, LAZY = "generator.norm=layer", "discriminator.minibatch_std=2", "training.regularizers[0].interval=2"

DIFFERENCES = [
    "training.loss=relativistic",
    "training.regularizers=[{kind: r1, weight: 3.0}, {kind: r2, method: finite_difference, sigma: 0.5, fraction: 0.5}]",
]
SAN = [
    "training.loss=wasserstein",
    "training.regularizers=[{kind: wgan_gp, weight: 2.0}, {kind: drift}]",
    "discriminator.san=true",
]
TURNS = [
    "training.updates={discriminator: 2, generator_batch_size: 16}",
    "training.optimizer={kind: adam, learning_rate: 0.01, warm_up: 20, discriminator: {clip_norm: 0.5}}",
    "training.ema=[{half_life: 40, ramp: 0.5, start_step: 0}, {decay: 0.5, start_step: 1}]",
]
STALE = [
    "training.loss=wasserstein",
    "training.regularizers=[{kind: wgan_gp, weight: 2.0}]",
    "training.updates={discriminator: 3, generator_batch_size: 16, generator_after: 1, stale_gradient: true}",
]
APART = ["training.updates={discriminator: 1, lazy_updates: true}", LAZY, "training.regularizers[1].interval=2"]

PATHS = [
    "generator={family: stylegan2, latent_dim: 6, style_dim: 5, mapping_layers: 1, channels: [4, 3], noise: none}",
    "training.regularizers=[{kind: path_length, interval: 1, decay: 0.5}]",
]

AUGMENT = [
    "training.augment={kind: diffaugment, strength: 0.8, policy: [flip, color, {kind: translation, ratio: 0.2}, "
    "{kind: cutout, probability: 0.6, per: batch}, {kind: erase, per: batch}, hue, {kind: filter, probability: 0.5}]}",
]
"""Every transform, some drawn for the whole batch."""
ADAPTIVE = ["training.augment={kind: ada}"]
ADA = [
    "training.augment={kind: ada, strength: 0.7, transforms: [blit, geometry, color, filter, noise, cutout]}",
]

AUTOENCODER = [
    "generator.latent_dim=512",  # the default: it has none
    "encoder={family: vq_encoder, channels: [4, 4], groups: 2, depth: 1, attention: [], width: 4}",
    "quantizer={family: vq, codes: 9, width: 3, learned_by: ema}",
    "training.regularizers=[{kind: r1, weight: 3.0, interval: 2}, {kind: bcr}, {kind: lecam, weight: 1.0}]",
    "training.reconstruction={perceptual: random, adversarial: {weight: 0.5, start: 8}}",
]

# how two processes go about it, with how many micro-batches each | what one process does that must be the same
CASES: dict[str, tuple[list[str], int, list[str]]] = {
    "layer norm": ([LAYER], 1, [LAYER]),
    "layer norm, accumulated": ([LAYER], 2, [LAYER]),
    "synchronised": (["training.norm_statistics=synchronised"], 1, []),
    "per replica": ([], 1, ["training.norm_statistics=4"]),
    "per replica, accumulated": ([], 2, ["training.norm_statistics=2"]),
    "groups": (["training.norm_statistics=2"], 1, ["training.norm_statistics=2"]),
    "minibatch_std": ([LAYER, MEET], 1, [LAYER, MEET]),
    "minibatch_std, accumulated": ([LAYER, MEET], 2, [LAYER, MEET]),
    "augmented": ([LAYER, *DIFFERENCES, *AUGMENT], 2, [LAYER, *DIFFERENCES, *AUGMENT]),
    "adaptive, by turns": ([LAYER, *ADAPTIVE, *TURNS], 2, [LAYER, *ADAPTIVE, *TURNS]),
    "lazy": ([LAYER, LAZY], 2, [LAYER, LAZY]),
    "relativistic, differences": ([LAYER, *DIFFERENCES], 2, [LAYER, *DIFFERENCES]),
    "san, wasserstein, by turns": ([LAYER, *SAN, *TURNS], 2, [LAYER, *SAN, *TURNS]),
    "lazy updates": ([LAYER, *APART], 2, [LAYER, *APART]),
    "a gradient is left": ([LAYER, *STALE], 2, [LAYER, *STALE]),
    "path length": (PATHS, 2, PATHS),
    "path length, by turns": ([*PATHS, *TURNS], 2, [*PATHS, *TURNS]),
    "autoencoder": ([LAYER, *AUTOENCODER], 2, [LAYER, *AUTOENCODER]),
    "alternating": ([LAYER], 2, [LAYER]),
    "alternating, synchronised": (["training.norm_statistics=synchronised"], 1, []),
}
CLIP: dict[Role, float] = {"generator": 0.5, "discriminator": 0.5}
ALTERNATING = Alternating(
    loss=RELATIVISTIC,
    penalties=(GradientPenalty(2.0), R1(1.0, interval=3)),
    discriminator_updates=2,
    batch_size=BATCH // 2,
    generator_batch_size=BATCH,
    clip_norm=CLIP,
)


def objective_in(case: str) -> Objective | None:
    """The objective of a case that is not the spec's own; its step takes 16 real images."""
    return ALTERNATING if case.startswith("alternating") else None


@contextmanager
def float64() -> Iterator[None]:
    """Networks, latents, draws and images in double precision."""
    to_real = runner_module.to_real
    torch.set_default_dtype(torch.float64)
    runner_module.to_real = lambda *given, **how: to_real(*given, **how).double()
    try:
        yield
    finally:
        runner_module.to_real = to_real
        torch.set_default_dtype(torch.float32)


def make(
    overrides: list[str],
    world: World,
    micro_batches: int,
    execution: Execution = DEFAULT,
    objective: Objective | None = None,
) -> tuple[TrainState, StepRunner]:
    """A runner of the tiny spec, or of another objective, with weights that matter."""
    spec = parse_spec(TINY, "tiny", [BOTH, f"training.batch_size={BATCH}", *overrides])
    trained = new_state(compile_spec(spec), spec.training, 0, CPU)
    averages = (one.network for own in trained.averages.values() for one in own)
    for network in (*trained.networks.values(), *averages):
        network.double()
    fill(trained.networks["generator"], scale=0.4)
    runner = StepRunner(
        trained,
        objective or objective_of(spec),
        seed=3,
        latent_dim=6,
        device=CPU,
        world=world,
        execution=execution,
        micro_batches=micro_batches,
    )
    return trained, runner


def images(step: int, world: World, count: int = BATCH) -> torch.Tensor:
    """This process's bytes of the global batch of a step."""
    random = torch.Generator().manual_seed(step)
    return world.shard.of(torch.randint(0, 256, (count, 8, 8, 3), dtype=torch.uint8, generator=random))


def numbers(outcome: Outcome) -> dict[str, torch.Tensor]:
    return {**outcome.losses.terms, **{f"d_{on}": value for on, value in outcome.losses.logits.items()}}


def state(trained: TrainState) -> dict[str, torch.Tensor]:
    """Every weight, statistic and average, and the numbers that follow what the run has seen."""
    averages = {f"average {role} {one.name}": one.network for role, own in trained.averages.items() for one in own}
    networks = {**trained.networks, **averages}
    found = {f"{part}.{name}": t.clone() for part, net in networks.items() for name, t in net.state_dict().items()}
    return found | {name: torch.tensor([*one.numbers.values()]) for name, one in trained.adapting.items()}


def two_steps(
    overrides: list[str],
    world: World,
    micro_batches: int,
    execution: Execution = DEFAULT,
    objective: Objective | None = None,
) -> dict[str, torch.Tensor]:
    """Losses, gradients and the state after each of two steps."""
    with float64():
        trained, runner = make(overrides, world, micro_batches, execution, objective)
        found: dict[str, torch.Tensor] = {}
        for step in (1, 2):
            outcome = runner(step, images(step, world, runner.images_per_step))
            assert outcome.applied, outcome.damaged
            gradients = {
                f"{index}.{name}": weight.grad.clone()
                for index, network in enumerate(trained.networks.values())
                for name, weight in network.named_parameters()
                if weight.grad is not None
            }
            found |= {f"loss {step} {name}": value for name, value in numbers(outcome).items()}
            found |= {f"gradient {step} {name}": value for name, value in gradients.items()}
            found |= {f"state {step} {name}": value for name, value in state(trained).items()}
    return {name: value.contiguous() for name, value in found.items()}


def _world(world: World) -> dict[str, Any]:
    """Everything a process is told by the others."""

    def fails() -> None:
        raise RunError("the folder is taken")

    left = ""
    try:
        world.broadcast_from_first(fails)
    except (RunError, SystemExit) as error:
        left = f"{type(error).__name__} {error}"
    gathered = world.gather(torch.full((2, 3), float(world.rank)), CPU)
    return {
        "first": world.first,
        "decided": world.broadcast_from_first(lambda: {"rank": world.rank, "nothing": None}),
        "decided nothing": world.broadcast_from_first(lambda: None),
        "left": left,
        "least": world.all_reduce_min(7 - world.rank, CPU),
        "sum": world.all_reduce_sum(torch.tensor([1.0, world.rank])).tolist(),
        "gathered": None if gathered is None else [part.tolist() for part in gathered],
        "merged": world.all_gather_names(("both", f"only {world.rank}")),
    }


def _guard(world: World) -> dict[str, Any]:
    """A step that is damaged in the second process only, then one in which only it is asked to stop."""
    with float64():
        trained, runner = make([], world, 2)
        runner(1, images(1, world))
        before, whole = state(trained), runner_module.to_real
        if world.rank == 1:
            runner_module.to_real = lambda *given, **how: whole(*given, **how) * math.nan
        damaged = runner(2, images(2, world))
        runner_module.to_real = whole
        after = state(trained)
        last = runner(3, images(3, world), stopping=lambda: world.rank == 1)
    return {
        "damaged": damaged.damaged,
        "stop": [damaged.stop, last.stop],
        "applied": [damaged.applied, last.applied],
        "unchanged": all(torch.equal(before[name], after[name]) for name in before),
        "moved": any(not torch.equal(after[name], value) for name, value in state(trained).items()),
    }


class Blinking(Simultaneous):
    """The generator's first layer has a weight that is used in every second step only."""

    on: ClassVar[bool] = False

    def gradients(self, networks: Networks, inputs: Inputs, at: Moment) -> Losses:
        Blinking.on = at.step % 2 == 1
        return super().gradients(networks, inputs, at)


def with_unused_weights(world: World, micro_batches: int) -> dict[str, torch.Tensor]:
    """The state after three steps of networks with a weight that is never used, and one that sometimes is."""
    with float64():
        trained, runner = make(
            [LAYER],
            world,
            micro_batches,
            execution=Execution(one_backward=False),
            objective=Blinking(loss=RELATIVISTIC, penalties=(R1(1.0),), batch_size=BATCH),
        )
        generator = trained.networks["generator"]
        for network in (*trained.networks.values(), trained.averages["generator"][0].network):
            network.register_parameter("unused", nn.Parameter(torch.ones(3)))
        for network in (generator, trained.averages["generator"][0].network):
            network.initial.linear.register_parameter("sometimes", nn.Parameter(torch.ones(6)))
        first = generator.initial.linear
        trained.optimizers["generator"].add_param_group({"params": [generator.unused, first.sometimes]})
        first.register_forward_pre_hook(lambda layer, x: (x[0] * layer.sometimes,) if Blinking.on else None)
        for step in (1, 2, 3):
            assert runner(step, images(step, world)).applied
            assert (first.sometimes.grad is not None) == (step % 2 == 1)
        assert all(network.unused.grad is None for network in trained.networks.values())
        return state(trained)


def _unused(world: World) -> dict[str, Any]:
    """How far two processes are from one with weights without a gradient."""
    apart = 0.0
    for micro_batches in (1, 2):
        found = with_unused_weights(world, micro_batches)
        alone = with_unused_weights(ALONE, 1)
        apart = max(apart, *(float((found[name] - value).abs().max()) for name, value in alone.items()))
    return {"apart": apart}


PROBES: dict[str, Callable[[World], dict[str, Any]]] = {"world": _world, "guard": _guard, "unused": _unused}


def process(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=2, init_method=f"file://{folder}/store")
    world = World(rank, 2)
    for name, probe in PROBES.items():
        Path(folder, f"{name} {rank}.json").write_text(json.dumps(probe(world)), encoding="utf-8")
    for name, (overrides, micro_batches, _) in CASES.items():
        found = two_steps(overrides, world, micro_batches, objective=objective_in(name))
        save_file(found, Path(folder, f"{name} {rank}.safetensors"))
    dist.barrier()  # neither leaves while the other still listens
    dist.destroy_process_group()
    os._exit(0)  # all is written; gloo's threads have been seen to abort an interpreter's ordinary exit


def run(start: Starter, folder: Path) -> None:
    """Run both to their end; each leaves a JSON file a probe and a file of tensors a case."""
    run_alike(start, f"from {__name__} import process\nprocess({{rank}}, {str(folder)!r})", count=2)
