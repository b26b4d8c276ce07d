"""`hitzoo doctor`: examination of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hitzoo.cli.completion import complete_check_group, complete_device
from hitzoo.cli.options import ForceOption, JsonOption
from hitzoo.cli.threads import ThreadsOption

if TYPE_CHECKING:
    from hitzoo.doctor.report import Report

_WIDTH = 100  # columns of doctor.txt, and of pipes
_FAILED = 1


def doctor(
    device: Annotated[
        str,
        typer.Option(
            metavar="DEVICE",
            help="Device to check: cpu, cuda, cuda:1 or mps; auto is the one that other verbs take, all is every one.",
            autocompletion=complete_device,
        ),
    ] = "all",
    full: Annotated[
        bool, typer.Option("--full", help="Longer checks too: all kernels, more sizes, compiled steps, processes.")
    ] = False,
    only: Annotated[
        list[str],
        typer.Option(
            metavar="GROUP",
            help="Checks to make: device, kernels, network, training, compiler, graph, speed or processes. Can be"
            " repeated.",
            show_default=False,
            autocompletion=complete_check_group,
        ),
    ] = [],  # noqa: B006
    hub: Annotated[bool, typer.Option("--hub", help="Ask the Hugging Face Hub too: one request.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write doctor.txt and doctor.json into this folder.", show_default=False),
    ] = None,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Examine this machine: what is installed, which devices there are, and whether each computes what it should.

    Each check computes something small and compares it with the same in float64. A failed one names a workaround,
    and the exit code is 1. A Triton kernel that fails is turned off on this machine until hitzoo, torch or
    the driver changes, or it passes again.

    The text can be pasted into a bug report: it names no user, host, home folder or token.
    """
    from hitzoo.cli import console, progress
    from hitzoo.doctor.examination import Wanted, examine

    wanted = Wanted(device=device, full=full, groups=tuple(only), hub=hub)
    places = _places(out, force=force)
    with progress.status_spinner("looking at this machine") as tell:
        report = examine(wanted, tell=tell)
    if as_json:
        console.print_json(report.to_json())
    else:
        _print(report, full=full)
    if places is not None:
        _write(report, *places, full=full)
        if not as_json:
            console.print_line(f"written: {places[0]}, {places[1]}")
    if report.count("fail"):
        raise typer.Exit(_FAILED)


def _places(out: Path | None, *, force: bool) -> tuple[Path, Path] | None:
    """The files to write, in an order that the text comes first.

    Raises:
        OutputError: one of them is there already, and is not to be overwritten, or cannot be written.
    """
    from hitzoo.places import place
    from hitzoo.targets import check_writable, existing, is_taken

    if out is None:
        return None
    text, data = (place(out) / name for name in ("doctor.txt", "doctor.json"))
    for path in (text, data):
        if is_taken(path) and not force:
            raise existing(path)
    check_writable(text)
    return text, data


def _print(report: Report, *, full: bool) -> None:
    from hitzoo.cli import console
    from hitzoo.cli.doctor_text import report_lines

    for line, bold in report_lines(report, min(console.output_width() or _WIDTH, _WIDTH), full=full):
        console.print_kept(line, bold=bold)


def _write(report: Report, text: Path, data: Path, *, full: bool) -> None:
    import json

    from hitzoo.cli.doctor_text import report_lines
    from hitzoo.files import write_text

    lines = (line for line, _ in report_lines(report, _WIDTH, full=full))
    write_text(text, "\n".join(lines) + "\n")
    write_text(data, json.dumps(report.to_json(), indent=2, ensure_ascii=False) + "\n")
