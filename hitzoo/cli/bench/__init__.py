"""`hitzoo bench`: how fast this machine is, setting against setting."""

from __future__ import annotations

import typer

from hitzoo.cli.bench import resolution, roofline, sample, train

app = typer.Typer(help="Measure speed, setting against setting.", no_args_is_help=True)


@app.callback()
def bench() -> None:
    """Measure speed, setting against setting."""


app.command("sample")(sample.bench_sample)
app.command("roofline")(roofline.bench_roofline)
app.command("resolution")(resolution.bench_resolution)
app.command("train")(train.bench_train)
