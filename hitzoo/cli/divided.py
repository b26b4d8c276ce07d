"""What the verbs have in common whose work several processes divide, as torchrun starts them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import typer

from hitzoo.cli.process import is_first

if TYPE_CHECKING:
    from hitzoo.runtime.distributed import World
    from hitzoo.sampling.generator import Generator

Made = TypeVar("Made")


@contextmanager
def joined(device: str) -> Iterator[tuple[World, str]]:
    """Join the other processes, if any: all of them, and the name of the device of this one.

    Raises:
        HitzooError: they do not come, have no device each, or have gone.
    """
    from hitzoo.runtime.distributed import ALONE, device_of_rank, process_group
    from hitzoo.runtime.launcher import announced_size

    if announced_size() == 1:
        yield ALONE, device
        return
    own = device_of_rank(device)
    with process_group(own, note_of_first) as world:
        yield world, str(own)


def first_before_others(world: World, make: Callable[[], Made]) -> Made:
    """Call `make` in the first process, then in the others, which find what it has downloaded."""
    made: list[Made] = []
    world.broadcast_from_first(lambda: made.append(make()))
    return made[0] if world.first else make()


def load_alike(world: World, model: str, device: str, init: str | None) -> Generator:
    """Load the same generator in all processes.

    Raises:
        RunError: this process has found another model under that name than the first.
    """
    from hitzoo.cli.models import load_model
    from hitzoo.cli.stored_evaluation import settled
    from hitzoo.errors import RunError

    if world.size > 1 and init is None:
        model = world.broadcast_from_first(lambda: settled(model))  # a running run saves newer checkpoints meanwhile
    generator = first_before_others(world, lambda: load_model(model, device, init))
    if world.size > 1 and generator.weights != world.broadcast_from_first(lambda: generator.weights):
        raise RunError(f"{model} has other weights here than in process 0; all processes must see the same files")
    return generator


def note_of_first(message: str) -> None:
    """Print to stderr, apart from JSON, in the first process."""
    if is_first():
        typer.echo(message, err=True)
