"""hitzoo: the model zoo of transformer GANs.

hitzoo.list_models("hit-*", pretrained=True)          the zoo
generator = hitzoo.load("hit-ti-shapes32")            a trained model, which is a torch.nn.Module
generator.sample(seeds=range(4)).grid().save("x.png") pictures
hitzoo.train("hit-ti-shapes32", out="runs/mine", data="photos")

spec = hitzoo.load_spec("hit-b-ffhq256")              what was written
plan = hitzoo.compile_spec(spec)                      what it means
generator, discriminator = hitzoo.build(plan)         the networks

Everything is imported when it is first used, so that what needs no torch does not load it, and not even `typing` here:
the command is to hear a Ctrl-C from its first moments on.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hitzoo.errors import (
        DataError,
        HitzooError,
        HubError,
        OutputError,
        RequestError,
        RunError,
        SpecError,
        UnknownNameError,
        WeightsError,
    )
    from hitzoo.evaluation.evaluate import evaluate
    from hitzoo.families.build import build
    from hitzoo.families.compile import compile_spec
    from hitzoo.families.load import load_spec, parse_spec
    from hitzoo.hub.describe import info
    from hitzoo.hub.pull import pull
    from hitzoo.plan.model import ModelPlan
    from hitzoo.runtime.allocator import keep_freed_memory
    from hitzoo.sampling.create import create_model, untrained
    from hitzoo.sampling.generator import Generator
    from hitzoo.sampling.load import load
    from hitzoo.sampling.publish import publish
    from hitzoo.sampling.samples import Samples
    from hitzoo.spec.types import Spec
    from hitzoo.training.train import train
    from hitzoo.zoo.listing import list_models

__all__ = [
    "DataError",
    "Generator",
    "HitzooError",
    "HubError",
    "ModelPlan",
    "OutputError",
    "RequestError",
    "RunError",
    "Samples",
    "Spec",
    "SpecError",
    "UnknownNameError",
    "WeightsError",
    "build",
    "compile_spec",
    "create_model",
    "evaluate",
    "info",
    "keep_freed_memory",
    "list_models",
    "load",
    "load_spec",
    "parse_spec",
    "publish",
    "pull",
    "train",
    "untrained",
]

_HOMES = {
    "DataError": "hitzoo.errors",
    "Generator": "hitzoo.sampling.generator",
    "HitzooError": "hitzoo.errors",
    "HubError": "hitzoo.errors",
    "ModelPlan": "hitzoo.plan.model",
    "OutputError": "hitzoo.errors",
    "RequestError": "hitzoo.errors",
    "RunError": "hitzoo.errors",
    "Samples": "hitzoo.sampling.samples",
    "Spec": "hitzoo.spec.types",
    "SpecError": "hitzoo.errors",
    "UnknownNameError": "hitzoo.errors",
    "WeightsError": "hitzoo.errors",
    "build": "hitzoo.families.build",
    "compile_spec": "hitzoo.families.compile",
    "create_model": "hitzoo.sampling.create",
    "evaluate": "hitzoo.evaluation.evaluate",
    "info": "hitzoo.hub.describe",
    "keep_freed_memory": "hitzoo.runtime.allocator",
    "list_models": "hitzoo.zoo.listing",
    "load": "hitzoo.sampling.load",
    "load_spec": "hitzoo.families.load",
    "parse_spec": "hitzoo.families.load",
    "publish": "hitzoo.sampling.publish",
    "pull": "hitzoo.hub.pull",
    "train": "hitzoo.training.train",
    "untrained": "hitzoo.sampling.create",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    if name == "__version__":
        from hitzoo.releases import release_of

        return release_of()
    raise AttributeError(f"module 'hitzoo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
