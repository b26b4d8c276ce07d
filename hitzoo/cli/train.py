"""`hitzoo train`: a spec and images become a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hitzoo.cli.options import DeviceOption, InceptionWeightsOption, SetOption
from hitzoo.cli.process import count, is_first
from hitzoo.cli.shortcuts import BatchSizeOption, LearningRateOption, StepsOption, with_shortcuts
from hitzoo.cli.threads import ThreadsOption
from hitzoo.cli.time_limit import parse_duration

_SIGNAL_EXIT = 128  # plus the signal's number, as shells count


def train(
    spec: Annotated[
        str | None,
        typer.Argument(
            metavar="[SPEC]",
            help="A spec file, or the name of a shipped spec. Default: one that fits the pictures of --data.",
            show_default=False,
        ),
    ] = None,
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The run's own folder.", show_default=False)],
    data: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="A folder, zip or TFRecords of images, hf:ORG/NAME, or synthetic. Default: the spec's.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's newest checkpoint, if any.")] = False,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of weights, latents and data order. Default 0.", show_default=False)
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL", help="Begin from the weights of a model: a zoo name, a folder, a run.", show_default=False
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
        str, typer.Option(help="float32, tf32 (CUDA) or bf16: of the networks; losses and weights stay float32.")
    ] = "float32",
    compiled: Annotated[bool, typer.Option("--compile", help="Run both networks through torch.compile.")] = False,
    fast: Annotated[
        bool, typer.Option("--fast", help="Make sample grids and evaluate by the rewritten network: the same, sooner.")
    ] = False,
    batch_per_device: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="Images a device works on at once, the rest by accumulation; auto finds the most that fit."
            " Default: all of its share.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=0, help="Processes that decode images. Default: 0 on a CPU.", show_default=False)
    ] = None,
    log_every: Annotated[int, typer.Option(min=1, help="Steps between lines of metrics.jsonl.")] = 10,
    sample_every: Annotated[int, typer.Option(min=1, help="Steps between sample grids.")] = 500,
    checkpoint_every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")] = 1000,
    keep: Annotated[int, typer.Option(min=1, help="Newest checkpoints to keep; the best evaluated stays too.")] = 3,
    inception_weights: InceptionWeightsOption = None,
    overrides: SetOption = [],  # noqa: B006
) -> None:
    """Train a spec's networks into a run folder: metrics.jsonl, samples/, checkpoints/.

    \b
    hitzoo train --data photos --out runs/photos
    hitzoo train hit-ti-shapes64 --data photos --out runs/photos --for 2h

    Ctrl-C finishes the step, saves and leaves with code 130; go on with the same command and --resume. So does --for,
    with code 0; its time is that of one session, and a resumed one has none unless it is given anew.
    """
    from hitzoo.cli.spec_for_data import spec_for_data
    from hitzoo.cli.training_display import TrainingDisplay
    from hitzoo.cli.training_end import tell_end
    from hitzoo.plan.open import open_spec

    seconds = None if time_limit is None else parse_duration(time_limit, "--for")
    overrides = with_shortcuts(overrides, steps=steps, batch_size=batch_size, learning_rate=learning_rate)
    chosen = ""
    if spec is None:
        loaded, chosen = spec_for_data(data, out, device=device, processes=count(), overrides=overrides)
    else:
        loaded, _ = open_spec(
            spec, overrides
        )  # a spec that does not fit is said before torch takes its seconds to load
    display = TrainingDisplay(heard=is_first())
    with display.loading("loading torch"):
        from hitzoo.training.loop import train as run
        from hitzoo.training.preparation import RunOptions, parse_batch_per_device, parse_precision

    options = RunOptions(
        out=out,
        data=data,
        device=device,
        seed=seed,
        resume=resume,
        init=init,
        precision=parse_precision(precision),
        compiled=compiled,
        fast=fast,
        batch_per_device=parse_batch_per_device(batch_per_device),
        workers=workers,
        log_every=log_every,
        sample_every=sample_every,
        checkpoint_every=checkpoint_every,
        keep=keep,
        inception_weights=inception_weights,
        time_limit=seconds,
    )
    with display:
        if chosen:
            display.noted(chosen)
        display.getting_ready(f"{loaded.name}: getting the images and the networks ready")
        end = run(loaded, options, display)
    if is_first():
        tell_end(end, display)
    if end.signal is not None:
        raise typer.Exit(_SIGNAL_EXIT + end.signal)
