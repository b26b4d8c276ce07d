"""What is decided and checked before a run's first step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from hitzoo.data.open import open_source
from hitzoo.errors import RunError
from hitzoo.plan.compile import ModelPlan
from hitzoo.spec.types import Spec
from hitzoo.training.checkpoint import Progress
from hitzoo.training.run_folder import RunFolder
from hitzoo.training.stream import TrainingStream


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Where and how much, never what: the spec alone says that.

    `seed` None is 0 for a new run and the run's own when resuming; `workers` None is 0 on a CPU, else up to 8.
    """

    out: Path
    data: str | None = None
    device: str = "auto"
    seed: int | None = None
    resume: bool = False
    workers: int | None = None
    log_every: int = 10
    sample_every: int = 500
    checkpoint_every: int = 1000
    keep: int = 3


def with_source(spec: Spec, location: str | None) -> Spec:
    """The spec with the place of its data settled."""
    source = location or spec.data.source
    if source is None:
        raise RunError(f"{spec.name} names no data; give a folder, a zip or the word synthetic with --data")
    return replace(spec, data=replace(spec.data, source=source))


def checkpoint_to_resume(folder: RunFolder, spec: Spec, options: RunOptions) -> Path | None:
    """Where to go on from; None begins anew, in a folder that must be free."""
    if options.resume and folder.holds_run():
        folder.refuse_another_spec(spec)
        return folder.newest_checkpoint()
    folder.refuse_if_used()
    return None


def beginning(folder: RunFolder, options: RunOptions) -> Progress:
    """Step 0, with the seed of a run that was killed before its first checkpoint, else the one that was asked for."""
    known = folder.seed() if options.resume else None
    return Progress(step=0, images=0, seed=known if known is not None else options.seed or 0)


def refuse_impossible(spec: Spec, options: RunOptions, progress: Progress) -> None:
    """Another seed than the run's, or a run that has no step left."""
    if options.seed not in (None, progress.seed):
        raise RunError(f"{options.out} was started with seed {progress.seed}, not {options.seed}; leave --seed out")
    if progress.step >= spec.training.steps:
        raise RunError(
            f"{options.out} is complete: step {progress.step} of {spec.training.steps};"
            f" go further with --set training.steps={2 * progress.step}"
        )


def open_stream(spec: Spec, plan: ModelPlan, seed: int) -> TrainingStream:
    """The run's images."""
    resolution = plan.generator.resolution
    source = open_source(str(spec.data.source), resolution=resolution)
    return TrainingStream(source, spec.data, resolution, seed)
