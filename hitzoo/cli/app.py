"""The `hitzoo` command: its verbs, and the one place where an error becomes a message and an exit code.

Exit codes: 0 done, 1 a bug of ours or a failed check of `hitzoo doctor`, 2 a mistake the user can act on, and stopped:
130 by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Annotated, Any

import typer

from hitzoo.cli import (
    bench,
    build,
    check,
    compare,
    convert,
    data,
    decode,
    diff,
    doctor,
    encode,
    estimate,
    eval,
    explain,
    explore,
    export,
    info,
    interpolate,
    invert,
    listing,
    nearest,
    new,
    publish,
    pull,
    recalibrate,
    reconstruct,
    render,
    report,
    runs,
    sample,
    show,
    train,
)
from hitzoo.cli.completion import complete_verb
from hitzoo.cli.full_memory import describe_full_memory
from hitzoo.cli.help import GroupHelp, VerbHelp, print_help
from hitzoo.cli.output import OutputLost, guarded_output
from hitzoo.cli.path_errors import describe_path_error
from hitzoo.cli.process import (
    immediate_exit,
    leave_message_to_first,
    leave_to_first,
    message_of_process,
    unwind_on_signals,
)
from hitzoo.errors import HitzooError, RunError
from hitzoo.releases import release_of
from hitzoo.runtime.wait_policy import adaptive_waiting

USER_MISTAKE = 2
INTERRUPTED = 130
BUG = 1
MISUSES: tuple[type[Exception], ...] = tuple(  # the parser's errors, whose module depends on the version of typer
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)

DIVIDED = ("data pack", "eval", "render", "sample", "train")  # verbs whose work several processes divide

LOOK, TRAIN, MAKE, SHARE, MEASURE = "Look", "Train", "Make", "Share", "Measure"

app = typer.Typer(
    name="hitzoo",
    cls=GroupHelp,
    help="The model zoo of transformer GANs: describe networks in a YAML spec, train them, and make images.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _verb(name: str, panel: str, run: Callable[..., None]) -> None:
    app.command(name, cls=VerbHelp, rich_help_panel=panel)(run)


_verb("list", LOOK, listing.list_models)
_verb("info", LOOK, info.info)
_verb("show", LOOK, show.show)
_verb("build", LOOK, build.build)
_verb("diff", LOOK, diff.diff)
_verb("explain", LOOK, explain.explain)
_verb("new", TRAIN, new.new)
_verb("check", TRAIN, check.check)
_verb("estimate", TRAIN, estimate.estimate)
_verb("train", TRAIN, train.train)
_verb("runs", TRAIN, runs.list_runs)
_verb("report", TRAIN, report.report)
_verb("recalibrate", TRAIN, recalibrate.recalibrate)
_verb("sample", MAKE, sample.sample)
_verb("render", MAKE, render.render)
_verb("interpolate", MAKE, interpolate.interpolate)
_verb("encode", MAKE, encode.encode)
_verb("decode", MAKE, decode.decode)
_verb("reconstruct", MAKE, reconstruct.reconstruct)
_verb("invert", MAKE, invert.invert)
_verb("explore", MAKE, explore.explore)
_verb("export", MAKE, export.export)
_verb("pull", SHARE, pull.pull)
_verb("publish", SHARE, publish.publish)
_verb("convert", SHARE, convert.convert)
_verb("eval", MEASURE, eval.evaluate)
_verb("nearest", MEASURE, nearest.nearest)
_verb("compare", MEASURE, compare.compare)
_verb("doctor", MEASURE, doctor.doctor)
app.add_typer(data.app, name="data", rich_help_panel=TRAIN)
app.add_typer(bench.app, name="bench", rich_help_panel=MEASURE)


@app.command("help", cls=VerbHelp, rich_help_panel=LOOK)
def help_of(
    context: typer.Context,
    verb: Annotated[
        list[str] | None,
        typer.Argument(metavar="[VERB …]", help="For example: train, or: data pack.", autocompletion=complete_verb),
    ] = None,
) -> None:
    """Show the help of a verb, as `hitzoo VERB --help` does."""
    from hitzoo.errors import UnknownNameError, suggestion

    parent: Any = context.parent
    command, above = parent.command, parent
    for name in verb or []:
        known = getattr(command, "commands", {})
        if name not in known:
            hint = suggestion(name, known) or f"there are: {', '.join(known)}"
            raise UnknownNameError(f"{above.command_path} has no verb '{name}'; {hint}")
        command = known[name]
        above = type(context)(command, info_name=name, parent=above)
    print_help(command, above)


def _print_version(wanted: bool) -> None:
    if wanted:
        from hitzoo.cli.console import print_kept

        print_kept(f"hitzoo {release_of()}")
        raise typer.Exit


@app.callback(epilog="Start with: hitzoo list, then hitzoo sample hit-ti-shapes32 --seeds 0-35 --grid 6x6")
def hitzoo(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """The model zoo of transformer GANs: describe networks in a YAML spec, train them, and make images."""
    if context.invoked_subcommand is None:
        print_help(context.command, context)


def main() -> None:
    """Run the command; errors a user can act on become one message, bugs keep their traceback."""
    leave_to_first(sys.argv[1:], DIVIDED)
    with guarded_output(), immediate_exit(), unwind_on_signals(), adaptive_waiting():
        sys.exit(_run())


def _run() -> int:
    """Run the command and return its exit code."""
    try:
        code = _parsed()
        sys.stdout.flush()
    except OutputLost as error:
        return 0 if error.at_head else _tell(str(error))
    return code


def _parsed() -> int:
    try:
        code = app(prog_name="hitzoo", standalone_mode=False)
    except HitzooError as error:
        return _explained(error)
    except MISUSES as misuse:
        return _misused(misuse)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(bool(leaving.code))
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except OutputLost:
        raise
    except Exception as error:
        if isinstance(error, OSError) and (message := describe_path_error(error)) is not None:
            return _tell(message)
        if (message := describe_full_memory(error)) is not None:
            return _explained(RunError(message))
        traceback.print_exc()  # inside the safe streams: a message may hold anything
        return BUG
    return code if isinstance(code, int) else 0


def _explained(error: HitzooError) -> int:
    from hitzoo.cli.console import print_error, print_line

    leave_message_to_first(error)
    for line in message_of_process(error).split("\n"):
        (print_error if error.exit_code else print_line)(line)
    return error.exit_code


def _misused(misuse: Exception) -> int:
    """Format the parser's error without its boxes, and without earlier names among its suggestions."""
    from hitzoo.cli.console import print_line
    from hitzoo.cli.option_groups import HIDDEN

    leave_message_to_first()
    if near := getattr(misuse, "possibilities", None):
        misuse.possibilities = [name for name in near if name not in HIDDEN]  # type: ignore[attr-defined]
    _tell(str(misuse.format_message()))  # type: ignore[attr-defined]
    context = getattr(misuse, "ctx", None)
    if context is not None:
        print_line(f"{context.command_path} --help shows its use", stderr=True)
    return USER_MISTAKE


def _tell(message: str) -> int:
    from hitzoo.cli.console import print_error

    print_error(message)
    return USER_MISTAKE
