"""`hitzoo show`: a spec's text."""

from __future__ import annotations

from typing import Annotated

import typer

from hitzoo.cli.options import SpecArgument


def show(
    spec: SpecArgument,
    resolved: Annotated[
        bool, typer.Option(help="With every default written out, instead of as it was written.")
    ] = False,
) -> None:
    """Print a spec."""
    from hitzoo.cli.render import print_document
    from hitzoo.spec.load import load_spec, read_spec_text
    from hitzoo.spec.shipped import find_spec
    from hitzoo.spec.write import to_yaml

    text = to_yaml(load_spec(spec)) if resolved else read_spec_text(find_spec(spec))
    print_document(text)
