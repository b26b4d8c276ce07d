"""A family of networks as a record: all that the project asks of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar

from hitzoo.errors import Problem
from hitzoo.spec.place import Places

if TYPE_CHECKING:
    from torch import nn

    from hitzoo.fold.kernels import Kernels

Role: TypeAlias = Literal["generator", "discriminator"]
S = TypeVar("S")
P = TypeVar("P")


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The images of a model: `side` in pixels, as far as it is known, `channels`, and the training's batch size."""

    side: int | None
    channels: int
    batch_size: int


@dataclass(frozen=True, kw_only=True)
class Family(Generic[S, P]):
    """One kind of network in one role.

    Attributes:
        name: the word after `family:` in a spec.
        role: the section of a spec it stands in.
        spec: the frozen dataclass of that section, with every default.
        schema: makes its JSON Schema definitions by name; the first describes the section.
        plan: decides every name, size and shape, or lists what does not fit. Loads no torch.
        build: makes the module of a plan, on the current default device. Imports its model inside.
        fold: rewrites a generator for inference; None leaves the reference network, compiled or as a CUDA graph.
        shortened: the section with its first n resolutions, for `hitzoo bench resolution`; None where it has no such.
    """

    name: str
    role: Role
    spec: type[S]
    schema: Callable[[], Mapping[str, Any]]
    plan: Callable[[S, Frame, Places], P | list[Problem]]
    build: Callable[[P], nn.Module]
    fold: Callable[[Any, Kernels], nn.Module] | None = None
    shortened: Callable[[S, int], S] | None = None
