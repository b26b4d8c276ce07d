"""`hitzoo show`: text of a spec."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from hitzoo.cli.options import SpecArgument


def show(
    spec: SpecArgument,
    resolved: Annotated[bool, typer.Option("--resolved/--no-resolved", help="Write out every default.")] = False,
) -> None:
    """Print a spec, as it was written or with every default.

    Notes on stderr say what the weights of gradient penalties are in other projects' convention. The first line of a
    shipped spec lets editors complete and check it; it points to this installation.
    """
    from hitzoo.cli.console import print_document, print_line
    from hitzoo.errors import HitzooError
    from hitzoo.families.load import load_spec
    from hitzoo.families.recipe_in_words import gamma_notes
    from hitzoo.spec.shipped import find_spec, shipped_folder
    from hitzoo.spec.text import read_spec_text
    from hitzoo.spec.write import to_yaml, with_schema_line

    path = find_spec(spec)
    text = to_yaml(load_spec(spec)) if resolved else read_spec_text(path)
    is_own = path.parent != shipped_folder("specs")
    print_document(text if is_own else with_schema_line(text))
    with suppress(HitzooError):  # a spec with mistakes can be looked at
        for note in gamma_notes(load_spec(spec)):
            print_line(f"note: {note}", stderr=True)
