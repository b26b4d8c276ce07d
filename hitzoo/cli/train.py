"""`hitzoo train`: training of a spec's networks on images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from hitzoo.cli.completion import complete_model, complete_spec_or_run, complete_tracker, complete_training_precision
from hitzoo.cli.options import DeviceOption, InceptionWeightsOption, SetOption
from hitzoo.cli.process import is_first
from hitzoo.cli.run_request import run_request
from hitzoo.cli.shortcuts import BatchSizeOption, LearningRateOption, StepsOption, with_shortcuts
from hitzoo.cli.threads import ThreadsOption
from hitzoo.cli.time_limit import parse_duration

_SIGNAL_EXIT = 128  # plus the signal's number, as in shells


def train(
    context: typer.Context,
    spec: Annotated[
        str | None,
        typer.Argument(
            metavar="[SPEC|RUN]",
            help="A spec file or the name of a shipped spec; with --resume, the folder of a run. Default: one that fits"
            " the pictures of --data.",
            show_default=False,
            autocompletion=complete_spec_or_run,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Run folder to write. Not needed with --resume RUN.", show_default=False),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the model. Default: that of the run folder.", show_default=False),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Images: a folder, zip or TFRecords, hf:ORG/NAME, or synthetic. Default: the run's own, or the"
            " spec's.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Continue from the run's newest checkpoint, if any. `train --resume RUN` takes spec, data, seed and"
            " options from the run.",
        ),
    ] = False,
    new_data: Annotated[
        bool, typer.Option("--new-data", help="With --resume: continue on other images than the run's own.")
    ] = False,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="N", help="Seed of weights, latents and data order. Default 0.", show_default=False
        ),
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Start from the weights of a model: a zoo name, a folder, a run.",
            show_default=False,
            autocompletion=complete_model,
        ),
    ] = None,
    steps: StepsOption = None,
    batch_size: BatchSizeOption = None,
    learning_rate: LearningRateOption = None,
    time_limit: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="2h", help="Save and stop after this time: 90s, 45m, 2h, 1h30m, 2d.", show_default=False
        ),
    ] = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    precision: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Compute the networks in float32, tf32 (CUDA) or bf16; losses and weights stay float32.",
            autocompletion=complete_training_precision,
        ),
    ] = "float32",
    compiled: Annotated[
        bool,
        typer.Option("--compile/--no-compile", help="Compile both networks with torch.compile.", show_default=False),
    ] = False,
    deterministic: Annotated[
        bool,
        typer.Option(
            "--deterministic/--no-deterministic",
            help="Repeatable to the bit on CUDA too, on the same kind of GPU and versions; slower.",
            show_default=False,
        ),
    ] = False,
    fast: Annotated[
        bool,
        typer.Option(
            "--optimized/--no-optimized",
            "--fast/--no-fast",
            help="Use the optimized network for sample grids and evaluation: the same images, faster.",
            show_default=False,
        ),
    ] = False,
    batch_per_device: Annotated[
        str | None,
        typer.Option(
            metavar="N|auto",
            help="Images per device and forward pass, the rest by gradient accumulation; auto finds the most that fit."
            " Default: the device's whole share of the batch.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="Processes that decode images. Default: 0 on a CPU.", show_default=False),
    ] = None,
    log_every: Annotated[int, typer.Option(metavar="N", min=1, help="Steps between lines of metrics.jsonl.")] = 10,
    sample_every: Annotated[int, typer.Option(metavar="N", min=1, help="Steps between sample grids.")] = 500,
    checkpoint_every: Annotated[int, typer.Option(metavar="N", min=1, help="Steps between checkpoints.")] = 1000,
    keep: Annotated[
        int, typer.Option(metavar="N", min=1, help="Keep this many newest checkpoints, and the best evaluated one.")
    ] = 3,
    inception_weights: InceptionWeightsOption = None,
    log_to: Annotated[
        list[str],
        typer.Option(
            "--log-to",
            metavar="tensorboard|wandb|trackio|mlflow",
            help="Tell a tracker too, by its own library. Can be repeated. tensorboard/ is written wherever it is"
            " installed.",
            show_default=False,
            autocompletion=complete_tracker,
        ),
    ] = [],  # noqa: B006
    overrides: SetOption = [],  # noqa: B006
) -> None:
    """Train a spec's networks into a run folder: metrics.jsonl, samples/, checkpoints/.

    Ctrl-C finishes the step, saves and exits with code 130; continue with --resume. --for does the same with code 0;
    it limits one session, and a resumed one has no limit unless it is given again.
    """
    from hitzoo.cli.training_display import TrainingDisplay
    from hitzoo.cli.training_end import print_end
    from hitzoo.runtime.launcher import launch_environment
    from hitzoo.training.run.remembered_options import as_words

    launch_environment()  # variables that are half set are said at the start, not after the last step
    seconds = None if time_limit is None else parse_duration(time_limit, "--for")
    asked = run_request(  # a spec that does not fit is said before torch takes its seconds to load
        spec,
        out,
        resume=resume,
        name=name,
        new_data=new_data,
        overrides=with_shortcuts(overrides, steps=steps, batch_size=batch_size, learning_rate=learning_rate),
        given=_given(context),
        data=data,
        device=device,
    )
    display = TrainingDisplay(heard=is_first())
    with display.loading("loading torch"):
        from hitzoo.training.run.loop import train as run
        from hitzoo.training.run.options import RunOptions, parse_batch_per_device, parse_precision
        from hitzoo.training.run.trackers.open import known_trackers

    options = RunOptions(
        out=asked.out,
        data=data,
        device=device,
        seed=seed,
        resume=resume,
        init=init,
        precision=parse_precision(precision),
        compiled=compiled,
        deterministic=deterministic,
        fast=fast,
        batch_per_device=parse_batch_per_device(batch_per_device),
        workers=workers,
        log_every=log_every,
        sample_every=sample_every,
        checkpoint_every=checkpoint_every,
        keep=keep,
        inception_weights=inception_weights,
        log_to=known_trackers(log_to),
        time_limit=seconds,
        new_data=new_data,
        made_from=asked.made_from,
    )
    words = as_words(asked.options, options)
    options = replace(options, **asked.options, notes=(f"as in the last session: {words}",) if words else ())
    with display:
        if asked.chosen:
            display.noted(asked.chosen)
        display.getting_ready(f"{asked.spec.name}: preparing images and networks")
        end = run(asked.spec, options, display)
    if is_first():
        print_end(end, display)
    if end.signal is not None:
        raise typer.Exit(_SIGNAL_EXIT + end.signal)


def _given(context: typer.Context) -> frozenset[str]:
    """Names of the options given on the command line."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return frozenset(name for name, source in sources.items() if source is not None and source.name != "DEFAULT")
