"""Samples of the averaged generator in the course of a run; where the memory is full, in smaller batches."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from hitzoo.errors import first_line
from hitzoo.evaluation.report import Report
from hitzoo.sampling.generator import Generator
from hitzoo.training.engine.out_of_memory import OutOfMemory, is_out_of_memory, with_smaller_batches
from hitzoo.training.run.checkpoint import Progress
from hitzoo.training.run.setup import RunSetup
from hitzoo.training.run.writer import RunWriter


def evaluate_average(
    setup: RunSetup, step: int, cutting_off: Callable[[], AbstractContextManager[None]], note: Callable[[str], None]
) -> Report | None:
    """Evaluate in all processes; return the report in the first. Without memory for it the run goes on without one.

    Raises:
        OutOfMemory: one of several processes has no memory for it, which the others wait for.
    """
    evaluator = setup.evaluator
    assert evaluator is not None, "somebody wanted to evaluate"

    def evaluate(batch_size: int) -> Report | None:
        with cutting_off():
            return evaluator.evaluate(
                generator,
                gather=lambda rows: setup.world.gather(rows, setup.device),
                batch_size=batch_size,
                fast="float32" if setup.options.fast else None,
            )

    generator = _average(setup)
    at_once = _at_once(setup, generator)
    if setup.world.size == 1:
        return with_smaller_batches(
            evaluate, at_once, lambda reason: note(f"no evaluation at step {step:,}: out of memory ({reason})")
        )
    try:
        return evaluate(at_once)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise OutOfMemory(f"out of memory in the evaluation at step {step:,} ({first_line(error)})") from error


def save_grid(setup: RunSetup, writer: RunWriter, progress: Progress, note: Callable[[str], None]) -> None:
    """Save a grid of samples, unless there is no memory for it."""

    def save(batch_size: int) -> None:
        generator = average.fast(keeps_memory=False, graphs=0) if setup.options.fast else average
        writer.save_grid(progress, generator, batch_size, measured=due)

    step = progress.step
    due = step % setup.options.sample_every == 0  # not where it stops or ends: a run that goes on has the same lines
    average = _average(setup)
    with_smaller_batches(
        save,
        _at_once(setup, average),
        lambda reason: note(f"no grid at step {step:,}: out of memory ({reason})"),
    )


def save_owed_grid(setup: RunSetup, writer: RunWriter, progress: Progress, note: Callable[[str], None]) -> None:
    """Save the grid of the checkpoint that a run resumes from, if the run ended before it was measured."""
    step = progress.step
    if step > 0 and step % setup.options.sample_every == 0 and not writer.is_measured(step):
        save_grid(setup, writer, progress, note)


def _average(setup: RunSetup) -> Generator:
    return Generator(setup.spec, setup.plan, setup.state.averages["generator"].network, setup.device)


def _at_once(setup: RunSetup, generator: Generator) -> int:
    """So many that sampling rarely takes more memory than training does."""
    return min(2 * setup.at_once, generator.default_batch_size)
