"""A generator with fresh random weights, to see an architecture run before anybody has trained it."""

from __future__ import annotations

from torch import nn

from hitzoo.errors import RequestError
from hitzoo.families.build import build_generator
from hitzoo.families.compile import ModelPlan, compile_spec
from hitzoo.families.load import load_spec
from hitzoo.runtime.device import choose_device
from hitzoo.runtime.seeding import Purpose, drawing_weights
from hitzoo.sampling.generator import Generator


def untrained(name_or_path: str, *, seed: int = 0, device: str = "auto") -> Generator:
    """The generator of a spec as training with `seed` would begin with it."""
    place = choose_device(device)
    spec = load_spec(name_or_path)
    plan = compile_spec(spec)
    return Generator(spec, plan, initial_generator(plan, seed), place, label=f"{spec.name}-untrained")


def initial_generator(plan: ModelPlan, seed: int) -> nn.Module:
    """The network on the CPU with its weights drawn from `seed`, 0 or more."""
    if seed < 0:
        raise RequestError(f"seed {seed} is not possible; seeds begin at 0")
    with drawing_weights(seed, Purpose.GENERATOR_WEIGHTS):
        return build_generator(plan)
