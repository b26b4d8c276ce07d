"""`hitzoo show`: text of a spec."""

from __future__ import annotations

from typing import Annotated

import typer

from hitzoo.cli.options import SpecArgument


def show(
    spec: SpecArgument,
    resolved: Annotated[bool, typer.Option("--resolved/--no-resolved", help="Write out every default.")] = False,
) -> None:
    """Print a spec, as it was written or with every default.

    The first line of a shipped spec lets editors complete and check it; it points to this installation.
    """
    from hitzoo.cli.console import print_document
    from hitzoo.families.load import load_spec
    from hitzoo.spec.shipped import find_spec, shipped_folder
    from hitzoo.spec.text import read_spec_text
    from hitzoo.spec.write import to_yaml, with_schema_line

    path = find_spec(spec)
    text = to_yaml(load_spec(spec)) if resolved else read_spec_text(path)
    is_own = path.parent != shipped_folder("specs")
    print_document(text if is_own else with_schema_line(text))
