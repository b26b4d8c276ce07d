"""Samples of the generator's averages in the course of a run; where the memory is full, in smaller batches."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from hitzoo.errors import first_line
from hitzoo.evaluation.report import Report
from hitzoo.runtime.distributed import ALONE, World
from hitzoo.sampling.autoencoder import Autoencoder
from hitzoo.sampling.generator import Generator
from hitzoo.training.engine.ema import MovingAverage, average_named, network_of
from hitzoo.training.engine.out_of_memory import OutOfMemory, is_out_of_memory, with_smaller_batches
from hitzoo.training.run.checkpoint import Progress
from hitzoo.training.run.evaluation import Evaluation
from hitzoo.training.run.setup import RunSetup
from hitzoo.training.run.writer import RunWriter


def evaluate_average(
    setup: RunSetup, step: int, cutting_off: Callable[[], AbstractContextManager[None]], note: Callable[[str], None]
) -> Evaluation | None:
    """Evaluate each average in all processes; return what was found in the first one.

    Without memory for it the run goes on without an evaluation.

    Raises:
        OutOfMemory: one of several processes has no memory for it, which the others wait for.
    """
    evaluator, averages = setup.evaluator, setup.state.averages["generator"]
    assert evaluator is not None, "somebody wanted to evaluate"

    def evaluate(batch_size: int) -> Evaluation | None:
        reports: dict[str, Report] = {}
        for average in averages:
            with cutting_off():
                report = evaluator.evaluate(
                    _generator(setup, average, setup.world),
                    gather=lambda rows: setup.world.gather(rows, setup.device),
                    batch_size=batch_size,
                    fast="float32" if setup.options.fast else None,
                )
            if report is not None:
                reports[average.name] = report
        return Evaluation.of(reports) if reports else None

    at_once = _at_once(setup)
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
    """Save a grid of samples of the chosen average, unless there is no memory for it."""
    step = progress.step
    due = step % setup.options.sample_every == 0  # not where it stops or ends: a run that goes on has the same lines

    def save(batch_size: int) -> None:
        if setup.plan.is_autoencoder:
            writer.save_pairs(progress, _autoencoder(setup, writer.chosen), batch_size)
            return
        average = _generator(setup, average_named(setup.state.averages["generator"], writer.chosen))
        generator = average.fast(keeps_memory=False, graphs=0) if setup.options.fast else average
        writer.save_grid(progress, generator, batch_size, measured=due)

    with_smaller_batches(
        save, _at_once(setup), lambda reason: note(f"no grid at step {step:,}: out of memory ({reason})")
    )


def save_owed_grid(setup: RunSetup, writer: RunWriter, progress: Progress, note: Callable[[str], None]) -> None:
    """Save the grid of the checkpoint that a run resumes from, if the run ended before it was measured."""
    step = progress.step
    if step > 0 and step % setup.options.sample_every == 0 and not writer.is_measured(step):
        save_grid(setup, writer, progress, note)


def _generator(setup: RunSetup, average: MovingAverage, world: World = ALONE) -> Generator:
    network = network_of(average, setup.plan, setup.spec.training, setup.start.progress.seed, world)
    return Generator(setup.spec, setup.plan, network, setup.device)


def _autoencoder(setup: RunSetup, chosen: str | None) -> Autoencoder:
    averages = {role: average_named(own, chosen).network for role, own in setup.state.averages.items()}
    return Autoencoder(setup.spec, setup.plan, averages, setup.device)


def _at_once(setup: RunSetup) -> int:
    """So many that sampling rarely takes more memory than training does."""
    averages = {role: own[0].network for role, own in setup.state.averages.items()}
    if setup.plan.is_autoencoder:
        most = Autoencoder(setup.spec, setup.plan, averages, setup.device).default_batch_size
    else:
        most = Generator(setup.spec, setup.plan, averages["generator"], setup.device).default_batch_size
    return min(2 * setup.at_once, most)
