"""`hitzoo new`: a spec of one's own, begun from a shipped one."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer


def new(
    path: Annotated[Path, typer.Argument(metavar="FILE.yaml", help="The file to write.", show_default=False)],
    origin: Annotated[str, typer.Option("--from", metavar="NAME", help="The spec to begin from.")] = "hit-ti-shapes64",
) -> None:
    """Copy a spec under a new name, to be edited."""
    from hitzoo.cli import render
    from hitzoo.errors import OutputError
    from hitzoo.files import write_text
    from hitzoo.spec.load import parse_spec, read_spec_text
    from hitzoo.spec.shipped import find_spec
    from hitzoo.spec.write import renamed_copy

    source = find_spec(origin)
    parse_spec(read_spec_text(source), str(source))
    text = renamed_copy(read_spec_text(source), source.stem, path)
    if path.exists():
        raise OutputError(f"{path} exists already; choose a new name or remove it")
    write_text(path, text)
    word = quote(str(path))
    render.print_line(f"wrote {path}; edit it, then: hitzoo check {word}, hitzoo build {word}")
