"""`hitzoo.train`: a run from a program, as `hitzoo train` makes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hitzoo.errors import RequestError
from hitzoo.families.compile import compile_spec
from hitzoo.families.open import open_spec
from hitzoo.spec.override import Overrides
from hitzoo.spec.types import Spec
from hitzoo.training.arguments import checked_arguments
from hitzoo.training.run.events import RunEnd, RunEvents
from hitzoo.training.run.loop import train as run
from hitzoo.training.run.name import named
from hitzoo.training.run.options import BatchPerDevice, RunOptions
from hitzoo.training.run.record import RunRecord
from hitzoo.training.run.remembered_options import remembered


def train(
    spec: str | Path | Spec | None = None,
    *,
    out: str | Path,
    data: str | Path | None = None,
    overrides: Overrides = (),
    name: str | None = None,
    resume: bool = False,
    init: str | None = None,
    seed: int | None = None,
    device: str = "auto",
    precision: str | None = None,
    compiled: bool | None = None,
    deterministic: bool | None = None,
    optimized: bool | None = None,
    batch_per_device: BatchPerDevice = None,
    workers: int | None = None,
    log_every: int | None = None,
    sample_every: int | None = None,
    checkpoint_every: int | None = None,
    keep: int | None = None,
    time_limit: float | None = None,
    inception_weights: str | Path | None = None,
    log_to: str | Sequence[str] | None = None,
    events: RunEvents | None = None,
) -> RunEnd:
    """Train a spec's networks into a run folder: `metrics.jsonl`, `samples/`, `checkpoints/`. Nothing is printed.

        end = hitzoo.train("hit-ti-shapes32", out="runs/photos", data="photos", overrides=["training.steps=20000"])
        hitzoo.load(end.folder).sample(seeds=range(16))
        hitzoo.train(out="runs/photos", resume=True, overrides={"training.steps": 40000})

    A resumed run takes what is not given now from its last session: precision, compiled, deterministic, optimized,
    batch_per_device, log_every, sample_every, checkpoint_every, keep, inception_weights and log_to. Workers and time
    limit are of one session.

    Ctrl-C ends the step, saves and returns; `RunEnd.signal` tells. Under torchrun every process calls it.

    Args:
        spec: the name of a shipped spec, a spec file or a `Spec`; None with `resume` takes the run's own.
        out: the folder of the run, new or, with `resume`, its own.
        data: a folder or zip of images, `hf:ORG/NAME`, or `synthetic`; by default what the spec names.
        overrides: `path=value` words, or a mapping of paths to values, that replace single values of the spec.
        name: of the model; by default that of the folder.
        resume: go on from the newest whole checkpoint as if the run had not stopped: bit for bit on a CPU, and on CUDA
            where it is deterministic.
        init: a model whose weights a new run begins from, as `hitzoo.load` takes it.
        seed: of weights, order of the data and augmentation; by default 0, or the run's own.
        device: `auto`, `cpu`, `cuda`, `mps`.
        precision: `float32`, `tf32` or `bf16`, also written `bfloat16`; by default `float32`.
        compiled: compile both networks with `torch.compile`.
        deterministic: make steps on CUDA repeatable to the bit, on the same kind of GPU and versions; slower.
        optimized: use the optimized network for sample grids and evaluation.
        batch_per_device: images per device and forward pass, the rest by gradient accumulation; `auto` finds the most
            that fit. By default the device's whole share of the batch.
        workers: processes that decode images; by default none on a CPU.
        log_every: steps between lines of `metrics.jsonl`; by default 10.
        sample_every: steps between grids of samples; by default 500.
        checkpoint_every: steps between checkpoints; by default 1000.
        keep: how many of the newest checkpoints stay, besides the best evaluated one; by default 3.
        time_limit: seconds after which this session saves and stops.
        inception_weights: a file of the Inception network's weights, for evaluation.
        log_to: trackers that are told of the run too, each by its own library: `tensorboard`, `wandb`, `trackio`,
            `mlflow`.
        events: called at every step, record and note.

    Returns:
        The run's folder, last step, last checkpoint and newest grid, and how it ended.

    Raises:
        SpecError, UnknownNameError: the spec cannot be used, or there is none of that name.
        RequestError: no spec, or the value of an argument is not possible.
        DataError: the images cannot be used.
        OutputError: the folder is taken, or cannot be written.
        RunError: the run cannot go on, or its numbers are no longer finite.
    """
    given = checked_arguments(
        {
            "seed": seed,
            "precision": precision,
            "compiled": compiled,
            "deterministic": deterministic,
            "optimized": optimized,
            "batch_per_device": batch_per_device,
            "workers": workers,
            "log_every": log_every,
            "sample_every": sample_every,
            "checkpoint_every": checkpoint_every,
            "keep": keep,
            "time_limit": time_limit,
            "inception_weights": inception_weights,
            "log_to": log_to,
        }
    )
    if "optimized" in given:
        given["fast"] = given.pop("optimized")
    record = RunRecord(Path(out))
    loaded = _spec_of(spec, record if resume else None, overrides)
    trained = named(loaded, name, record.path, record.name() if resume else None)
    made_from = (record.made_from() if resume else None) or (loaded.name if trained.name != loaded.name else None)
    compile_spec(trained)
    options = RunOptions(
        out=record.path,
        data=None if data is None else str(data),
        device=device,
        resume=resume,
        made_from=made_from,
        init=init,
        **remembered(record.last_session(), frozenset(given)) if resume else {},
        **given,
    )
    return run(trained, options, events)


def _spec_of(spec: str | Path | Spec | None, resumed: RunRecord | None, overrides: Overrides) -> Spec:
    if spec is None:
        if resumed is None or not resumed.holds_run():
            raise RequestError("give a spec: a name that hitzoo.list_models() shows, a spec file or a Spec")
        return resumed.stored_spec(overrides)
    if isinstance(spec, Spec):
        if overrides:
            raise RequestError("overrides change a spec that is read: give them to load_spec, or a name here")
        return spec
    return open_spec(spec, overrides)[0]
