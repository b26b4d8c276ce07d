"""The options of a run, and what is decided and checked before its first step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from hitzoo.errors import RequestError, RunComplete, RunError
from hitzoo.runtime.precision import known_precision
from hitzoo.spec.types import Spec, TrainingSpec
from hitzoo.training.engine.execution import PRECISIONS, Execution, Precision
from hitzoo.training.engine.micro_batch_search import GROUPING, group_of
from hitzoo.training.run.checkpoint import Progress, read_progress
from hitzoo.training.run.data_source import settled_source
from hitzoo.training.run.folder import RunFolder
from hitzoo.training.run.recovery import newest_good_checkpoint

BatchPerDevice: TypeAlias = int | Literal["auto"] | None


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Options of a session: where and how much, never what, which is the spec's.

    `seed` None is 0 for a new run and the run's own when resuming; `workers` None is 0 on a CPU, else up to 8.
    `init` names a model whose weights a new run begins from. `batch_per_device` is the micro-batch size, the images a
    device processes together: None all of its share of the batch, `auto` as many as fit. `deterministic` makes a run on
    CUDA repeatable to the bit. `fast` makes sample grids and evaluates by the optimized network. `time_limit` is the
    seconds this session may take before it saves and stops. `new_data` lets a resumed run go on with other images than
    its own. `made_from` is the name of the spec where the run's model is called otherwise, and stands in the headers of
    its weights; `notes` are told when the run begins. `log_to` names trackers that are told of it.
    """

    out: Path
    data: str | None = None
    device: str = "auto"
    seed: int | None = None
    resume: bool = False
    new_data: bool = False
    made_from: str | None = None
    notes: tuple[str, ...] = ()
    init: str | None = None
    workers: int | None = None
    batch_per_device: BatchPerDevice = None
    precision: Precision = "float32"
    compiled: bool = False
    deterministic: bool = False
    fast: bool = False
    log_every: int = 10
    sample_every: int = 500
    checkpoint_every: int = 1000
    keep: int = 3
    time_limit: float | None = None
    inception_weights: Path | None = None
    log_to: tuple[str, ...] = ()

    @property
    def execution(self) -> Execution:
        """The execution of its steps."""
        return Execution(precision=self.precision, compiled=self.compiled, deterministic=self.deterministic)


@dataclass(frozen=True)
class Start:
    """The start of a session: a checkpoint, or step 0 without one."""

    progress: Progress
    checkpoint: Path | None = None

    def to_data(self) -> dict[str, Any]:
        """As what one process can tell the others."""
        return {"progress": asdict(self.progress), "checkpoint": self.checkpoint and str(self.checkpoint)}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Start:
        """And back."""
        return cls(Progress(**data["progress"]), Path(data["checkpoint"]) if data["checkpoint"] else None)


def with_source(spec: Spec, location: str | None) -> Spec:
    """The spec with the place of a new run's data settled."""
    return replace(spec, data=replace(spec.data, source=settled_source(spec, location, None)))


def decide_start(folder: RunFolder, spec: Spec, options: RunOptions, warn: Callable[[str], None]) -> Start:
    """Decide the start, in a folder that allows it; with several processes one decides for all.

    Raises:
        OutputError: the folder is taken.
        RunComplete: it has no step left.
        RunError: another spec or seed than the run's, or no whole checkpoint.
    """
    if options.resume and folder.holds_run():
        folder.refuse_another_spec(spec)
        checkpoint = newest_good_checkpoint(folder.checkpoints, warn)
    else:
        folder.refuse_if_used()
        checkpoint = None
    progress = read_progress(checkpoint) if checkpoint else _beginning(folder, options)
    _refuse_impossible(spec, options, progress)
    return Start(progress, checkpoint)


def _beginning(folder: RunFolder, options: RunOptions) -> Progress:
    """Step 0, with the seed of a run that was killed before its first checkpoint, else the one that was asked for."""
    known = folder.seed() if options.resume else None
    return Progress(step=0, images=0, seed=known if known is not None else options.seed or 0)


def _refuse_impossible(spec: Spec, options: RunOptions, progress: Progress) -> None:
    """Another seed than the run's, or a run that has no step left."""
    if options.seed not in (None, progress.seed):
        other = f"{options.out} was started with seed {progress.seed}, not {options.seed}; leave"
        raise RunError(f"{other} seed out").or_as_option(f"{other} --seed out")
    if progress.step >= spec.training.steps:
        complete = f"{options.out} is complete: step {progress.step} of {spec.training.steps}; go further with"
        raise RunComplete(f"{complete} overrides=['training.steps={2 * progress.step}']").or_as_option(
            f"{complete} --steps {2 * progress.step}"
        )


def refuse_uneven(spec: Spec, processes: int) -> None:
    """The batch is global: every process takes the same share of it.

    Raises:
        RequestError: it cannot be shared evenly.
    """
    for key, batch in _batches(spec.training):
        if batch % processes:
            raise RequestError(
                f"{key} {batch} is for all {processes} processes together and cannot be shared evenly;"
                f" choose a multiple of {processes}: --set {key}={-(-batch // processes) * processes}"
            )
        if processes > 1 and batch // processes % (group := group_of(spec)):
            raise RequestError(
                f"each of {processes} processes gets {batch // processes} images, which are not whole groups of {group}"
                f" ({GROUPING}); choose a {key} that is a multiple of {processes * group}, or fewer processes"
            )


def _batches(training: TrainingSpec) -> list[tuple[str, int]]:
    """The batches of a step, each with its key."""
    own = None if isinstance(training.updates, str) else training.updates.generator_batch_size
    others = [("training.updates.generator_batch_size", own)] if own else []
    return [("training.batch_size", training.batch_size), *others]


def parse_precision(text: str) -> Precision:
    """The name of a precision, in any of its spellings.

    Raises:
        RequestError: there is none of that name.
    """
    return cast(Precision, known_precision(text, PRECISIONS))


def parse_batch_per_device(text: str | None) -> BatchPerDevice:
    """A positive number or `auto`.

    Raises:
        RequestError: it is neither.
    """
    if text is None:
        return None
    if text == "auto":
        return "auto"
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise RequestError(f"--batch-per-device {text}: give a number of images, 1 or more, or auto")
