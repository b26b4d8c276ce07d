"""`hitzoo new`: a spec of one's own, begun from a shipped one."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from hitzoo.cli.options import ForceOption


def new(
    path: Annotated[Path, typer.Argument(metavar="FILE.yaml", help="The file to write.", show_default=False)],
    origin: Annotated[
        str,
        typer.Option("--from", metavar="NAME", help="The spec to begin from: a name, a file, a run or a model folder."),
    ] = "hit-ti-shapes64",
    force: ForceOption = False,
) -> None:
    """Copy a spec under a new name, to be edited."""
    from hitzoo.cli import render
    from hitzoo.spec.load import parse_spec, read_spec_text
    from hitzoo.spec.shipped import find_spec
    from hitzoo.spec.write import renamed_copy
    from hitzoo.targets import put_text

    source = find_spec(origin)
    spec = parse_spec(read_spec_text(source), str(source))
    text = renamed_copy(read_spec_text(source), spec.name, path, given=origin)
    put_text(path, text, force=force)
    word = quote(str(path))
    render.print_line(f"wrote {path}; edit it, then: hitzoo check {word}, hitzoo build {word}")
