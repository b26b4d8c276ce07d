"""A family of networks as a record: all that the project asks of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from hitzoo.errors import Problem
from hitzoo.plan.ports import Codes
from hitzoo.plan.role import Role
from hitzoo.spec.place import Path, Places

if TYPE_CHECKING:
    from torch import nn

    from hitzoo.families.official import Variable
    from hitzoo.fold.kernels import Kernels
    from hitzoo.fold.network import OptimizedNetwork
    from hitzoo.spec.types import TrainingSpec

LARGEST_SIDE = 1 << 16  # pixels; beyond it a position table alone would be hundreds of GB
S = TypeVar("S")
P = TypeVar("P")


@dataclass(frozen=True)
class Sides:
    """The image sides a discriminator can take: in words for messages, and whether it takes one."""

    words: str
    take: Callable[[int], bool]


ANY_SIDE = Sides("1, 2, 3, …", lambda side: True)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The surroundings of a network, which it has to fit.

    Attributes:
        wanted: side in pixels that the data ask for; None where they leave it to the generator.
        channels: of the images.
        batch_size: images per training step, of all processes.
        sides: those that the discriminator takes.
        side: in a discriminator's frame, that of the generator's images.
        decided_by: the values of the document that decide `side`; a problem with it is placed at the first.
        change: how an author changes `side`, in words.
        codes: in the frame of a quantizer and of a generator that decodes, the map that it takes; None elsewhere.
    """

    wanted: int | None
    channels: int
    batch_size: int
    sides: Sides = ANY_SIDE
    side: int = 0
    decided_by: tuple[Path, ...] = (("generator",),)
    change: str = "the generator"
    codes: Codes | None = None


@dataclass(frozen=True, kw_only=True)
class Outline:
    """A generator's images as its section says, whatever else is wrong with it: so problems come all together.

    Attributes:
        side: of the images in pixels.
        decided_by: the values of the document that decide it, the most telling first.
        change: how an author changes it, in words.
        resolutions: of the parts that activation checkpointing can compute again.
        normed: side of the smallest map that is batch-normed; None without batch norm.
        without_batch_norm: what an author writes to be rid of it, as `norm: layer`; empty where nothing does.
    """

    side: int
    decided_by: tuple[Path, ...] = (("generator",),)
    change: str = "the generator"
    resolutions: tuple[int, ...] = ()
    normed: int | None = None
    without_batch_norm: str = ""


@dataclass(frozen=True, kw_only=True)
class Pretrained:
    """A frozen network with weights of others that a network is built on, and that no model holds.

    Attributes:
        name: of the network.
        trained_on: the data set its weights were trained on.
        license: of the weights, as the Hub names licences.
        sha256: of the weights; "" where any will do.
    """

    name: str
    trained_on: str
    license: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Family(Generic[S, P]):
    """One kind of network in one role.

    Attributes:
        name: the word after `family:` in a spec.
        role: the section of a spec it stands in.
        spec: the frozen dataclass of that section, with every default.
        schema: makes its JSON Schema definitions by name; the first describes the section.
        plan: decides every name, size and shape, or lists what does not fit ([] where that is said elsewhere). Loads no
            torch. A plan is a frozen dataclass that does what `hitzoo.plan.network.NetworkPlan` says.
        build: makes the module of a plan, on the current default device. Imports its model inside. A generator maps
            rows [B, input_width], or codes [B, W, s, s], to images [B, C, R, R], a discriminator images to logits [B],
            an encoder images to a map [B, W, s, s], and a quantizer that to a `Quantized`.
        outline: for a generator, what its section says of the images; by default what its plan says.
        sides: for a discriminator, the image sides it takes.
        fold: rewrites a generator for inference; by default it runs as it is, compiled or as a CUDA graph.
        ended: for a generator, its section ended after each resolution, the last entry being itself, for
            `hitzoo bench resolution`; None where nothing can be left off.
        official: for a network that other code has too, its variables there beside ours, by the name of that code.
        forms: settings of its section, one or another of which published files of that code have.
        notes: for the author of a spec that fits, given its training.
        pretrained: for a network that is built on a frozen one, which.
        settle: completes the section of such a network by the hash of the weights that this machine has, which are
            downloaded where they are missing, after a word to the function given.
    """

    name: str
    role: Role
    spec: type[S]
    schema: Callable[[], Mapping[str, Any]]
    plan: Callable[[S, Frame, Places], P | list[Problem]]
    build: Callable[[P], nn.Module]
    outline: Callable[[S], Outline] | None = None
    sides: Sides = ANY_SIDE
    fold: Callable[[Any, Kernels], OptimizedNetwork] | None = None
    ended: Callable[[S], tuple[S, ...]] | None = None
    official: Mapping[str, Callable[[P], Iterable[Variable]]] = field(default_factory=dict, hash=False)
    forms: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    notes: Callable[[P, TrainingSpec], tuple[str, ...]] | None = None
    pretrained: Callable[[S], Pretrained] | None = None
    settle: Callable[[S, Callable[[str], None]], S] | None = None
