"""`hitzoo.create_model`: a spec's generator, with trained weights or with those that training begins with."""

from __future__ import annotations

from pathlib import Path

import torch

from hitzoo.errors import RequestError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import load_spec
from hitzoo.runtime.device import choose_device
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.initial import initial_generator
from hitzoo.sampling.load import load
from hitzoo.spec.override import Overrides
from hitzoo.spec.types import Spec


def create_model(
    name_or_spec: str | Path | Spec,
    pretrained: bool = False,
    *,
    overrides: Overrides = (),
    seed: int = 0,
    device: str | torch.device = "auto",
) -> Generator:
    """Create a generator from a spec, or load a trained one.

        hitzoo.create_model("hit-ti-shapes32", pretrained=True)             as hitzoo.load
        hitzoo.create_model("hit-b-ffhq256")                                untrained
        hitzoo.create_model("mine.yaml", overrides=["data.resolution=64"])

    Args:
        name_or_spec: the name of a shipped spec, a spec file, the folder of a run or a model, or a `Spec`; with
            `pretrained` whatever `hitzoo.load` takes.
        pretrained: load trained weights.
        overrides: `path=value` words, or a mapping of paths to values, that replace single values of the spec.
        seed: of the initial weights; training with this seed begins with the very same.
        device: as for `hitzoo.load`.

    Returns:
        The generator in evaluation mode; for training of your own, `.train().requires_grad_(True)`.

    Raises:
        UnknownNameError: nothing has that name.
        SpecError: the spec cannot be used.
        RequestError: a seed below 0, or `pretrained` with a `Spec` or with overrides.
        WeightsError, HubError: as `hitzoo.load`.
    """
    if pretrained:
        if isinstance(name_or_spec, Spec) or overrides:
            raise RequestError("pretrained weights are of one network: give a name, and neither a Spec nor overrides")
        return load(name_or_spec, device=device)
    where = choose_device(device)
    if isinstance(name_or_spec, Spec) and overrides:
        raise RequestError("overrides change a spec that is read: give them to load_spec, or a name here")
    spec = name_or_spec if isinstance(name_or_spec, Spec) else load_spec(name_or_spec, overrides)
    plan = compile_spec(spec)
    return Generator(spec, plan, initial_generator(plan, seed), where, label=f"{spec.name}-untrained")


def untrained(name_or_path: str | Path, *, seed: int = 0, device: str | torch.device = "auto") -> Generator:
    """Create a generator with initial weights: `create_model` under its name of hitzoo 0.1."""
    return create_model(name_or_path, seed=seed, device=device)
