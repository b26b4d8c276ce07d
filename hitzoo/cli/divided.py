"""Pieces of the verbs whose work several processes divide, as torchrun starts them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import typer

from hitzoo.cli.process import count, is_first
from hitzoo.data.processes import ALONE, Processes
from hitzoo.errors import RequestError, RunError

if TYPE_CHECKING:
    from hitzoo.runtime.distributed import World
    from hitzoo.sampling.generator import Generator

Made = TypeVar("Made")


@contextmanager
def joined(device: str, *, on_loss: str = "Continue with --resume") -> Iterator[tuple[World, str]]:
    """Join the other processes, if any: all of them, and the name of the device of this one.

    Args:
        on_loss: the way on when another process has exited.

    Raises:
        HitzooError: they do not come, have no device each, or have exited.
    """
    from hitzoo.runtime import distributed
    from hitzoo.runtime.launcher import announced_size
    from hitzoo.runtime.local_device import device_of_rank

    if announced_size() == 1:
        yield distributed.ALONE, device
        return
    own = device_of_rank(device)
    with distributed.process_group(own, note_of_first, on_loss=on_loss) as world:
        try:
            yield world, str(own)
        except RequestError as error:
            if world.first:
                raise
            raise RunError(error.as_option or str(error)) from error  # the first has not met it, and says nothing


@contextmanager
def joined_without_device() -> Iterator[Processes]:
    """Join the other processes of a work that needs no network; torch is loaded only if there are any."""
    if count() == 1:
        yield ALONE
        return
    with joined("cpu") as (world, _):
        yield world


def first_before_others(world: World, make: Callable[[], Made]) -> Made:
    """Call `make` in the first process, then in the others, which find what it has downloaded."""
    made: list[Made] = []
    world.broadcast_from_first(lambda: made.append(make()))
    return made[0] if world.first else make()


def load_alike(
    world: World, model: str, device: str, init: str | None, *, always_settled: bool = False
) -> tuple[str, Generator]:
    """Load the same generator in all processes.

    A run's name becomes the path of its newest checkpoint first, for a running run saves others meanwhile.

    Args:
        always_settled: do so for a single process, too.

    Returns:
        The name that was loaded, and the generator.

    Raises:
        RunError: this process has found other weights under that name than the first.
    """
    from hitzoo.cli.models import load_model
    from hitzoo.cli.stored_evaluation import settled

    if init is None and (world.size > 1 or always_settled):
        model = world.broadcast_from_first(lambda: settled(model))
    generator = first_before_others(world, lambda: load_model(model, device, init))
    if world.size > 1 and generator.weights != world.broadcast_from_first(lambda: generator.weights):
        raise RunError(f"{model} has other weights here than in process 0; all processes must see the same files")
    return model, generator


def note_of_first(message: str) -> None:
    """Print to stderr, apart from JSON, in the first process."""
    if is_first():
        typer.echo(message, err=True)
