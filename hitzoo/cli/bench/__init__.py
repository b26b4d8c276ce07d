"""`hitzoo bench`: speed of this machine, setting against setting."""

from __future__ import annotations

import typer

from hitzoo.cli.bench import resolution, roofline, sample, train
from hitzoo.cli.help import GroupHelp, VerbHelp, print_help

app = typer.Typer(cls=GroupHelp, help="Measure speed, setting against setting.", invoke_without_command=True)


@app.callback()
def bench(context: typer.Context) -> None:
    """Measure speed, setting against setting."""
    if context.invoked_subcommand is None:
        print_help(context.command, context)


app.command("sample", cls=VerbHelp)(sample.bench_sample)
app.command("roofline", cls=VerbHelp)(roofline.bench_roofline)
app.command("resolution", cls=VerbHelp)(resolution.bench_resolution)
app.command("train", cls=VerbHelp)(train.bench_train)
