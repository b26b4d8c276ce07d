"""hitzoo: the model zoo of transformer GANs.

spec = hitzoo.load_spec("hit-b-ffhq256")            what was written
plan = hitzoo.compile_spec(spec)                    what it means
generator, discriminator = hitzoo.build(plan)       the networks
hitzoo.load("hit-ti-shapes32").sample(seeds=[0])    a trained model

Everything is imported when it is first used, so that what needs no torch does not load it, and not even `typing` here:
the command is to hear a Ctrl-C from its first moments on.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hitzoo.errors import HitzooError
    from hitzoo.evaluation.evaluate import evaluate
    from hitzoo.families.build import build
    from hitzoo.families.compile import ModelPlan, compile_spec
    from hitzoo.families.load import load_spec, parse_spec
    from hitzoo.sampling.generator import Generator
    from hitzoo.sampling.load import load
    from hitzoo.sampling.samples import Samples
    from hitzoo.sampling.untrained import untrained
    from hitzoo.spec.types import Spec

__all__ = [
    "Generator",
    "HitzooError",
    "ModelPlan",
    "Samples",
    "Spec",
    "build",
    "compile_spec",
    "evaluate",
    "load",
    "load_spec",
    "parse_spec",
    "untrained",
]

_HOMES = {
    "Generator": "hitzoo.sampling.generator",
    "HitzooError": "hitzoo.errors",
    "ModelPlan": "hitzoo.families.compile",
    "Samples": "hitzoo.sampling.samples",
    "Spec": "hitzoo.spec.types",
    "build": "hitzoo.families.build",
    "compile_spec": "hitzoo.families.compile",
    "evaluate": "hitzoo.evaluation.evaluate",
    "load": "hitzoo.sampling.load",
    "load_spec": "hitzoo.families.load",
    "parse_spec": "hitzoo.families.load",
    "untrained": "hitzoo.sampling.untrained",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'hitzoo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
