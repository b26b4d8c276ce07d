"""The `hitzoo` command: its verbs, and the one place where an error becomes a message and an exit code.

Exit codes: 0 done, 2 a mistake the user can act on, 130 stopped by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from hitzoo.cli import (
    bench,
    build,
    check,
    convert,
    data,
    diff,
    estimate,
    eval,
    export,
    info,
    listing,
    new,
    publish,
    pull,
    rendering,
    runs,
    sample,
    show,
    train,
)
from hitzoo.cli.process import in_its_name, leaving_at_once, stopping_cleanly
from hitzoo.cli.unseen_places import of_a_place
from hitzoo.errors import HitzooError
from hitzoo.wait_policy import adaptive_waiting

USER_MISTAKE = 2
INTERRUPTED = 130

app = typer.Typer(
    name="hitzoo",
    help="The model zoo of transformer GANs: a YAML spec becomes networks, is trained, and makes pictures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("list")(listing.list_models)
app.command("show")(show.show)
app.command("new")(new.new)
app.command("check")(check.check)
app.command("diff")(diff.diff)
app.command("build")(build.build)
app.command("estimate")(estimate.estimate)
app.command("train")(train.train)
app.command("runs")(runs.list_runs)
app.command("sample")(sample.sample)
app.command("render")(rendering.render)
app.command("export")(export.export)
app.command("eval")(eval.evaluate)
app.command("info")(info.info)
app.command("pull")(pull.pull)
app.command("publish")(publish.publish)
app.command("convert")(convert.convert)
app.add_typer(data.app, name="data")
app.add_typer(bench.app, name="bench")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hitzoo {version('hitzoo')}")
        raise typer.Exit


@app.callback(epilog="Begin with: hitzoo list, then hitzoo sample --model hit-ti-shapes32 --seeds 0-35 --grid 6x6")
def hitzoo(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """The model zoo of transformer GANs: a YAML spec becomes networks, is trained, and makes pictures."""


def main() -> None:
    """Run the command; what a user can act on is printed in one message, what is a bug keeps its traceback."""
    with leaving_at_once(), stopping_cleanly(), adaptive_waiting():
        _run()


def _run() -> None:
    try:
        app(prog_name="hitzoo")
    except HitzooError as error:
        from hitzoo.cli.render import print_error, print_line

        if (message := in_its_name(error)) is not None:
            (print_error if error.exit_code else print_line)(message)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader of our output left, as `head` does
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        from hitzoo.cli.render import print_error

        if (message := of_a_place(error)) is None:
            raise
        print_error(message)
        sys.exit(USER_MISTAKE)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
