"""The way in: a path, a shipped name, a text or plain data to a checked `Spec`."""

from __future__ import annotations

from pathlib import Path

from hitzoo.families.chosen_weights import with_chosen_weights
from hitzoo.families.language import BEGINNINGS, language_of
from hitzoo.spec.check import check_data
from hitzoo.spec.document import Document, read_document
from hitzoo.spec.override import Overrides, apply_overrides
from hitzoo.spec.shipped import find_spec, shipped_folder
from hitzoo.spec.text import read_spec_text
from hitzoo.spec.types import Spec


def load_spec(name_or_path: str | Path, overrides: Overrides = ()) -> Spec:
    """Read a spec file, the shipped spec of that name, or the spec of a run or a model folder.

    Args:
        name_or_path: `specs/mine.yaml`, `hit-b-ffhq256` or `runs/photos`.
        overrides: `path=value` words, or a mapping of paths to values, that replace single values; checked like the
            rest.

    Raises:
        UnknownNameError: no such file or shipped spec.
        SpecError: the document says something it may not; all problems together, each with its line.
        RequestError: an override is not `path=value`.
    """
    path = find_spec(str(name_or_path))
    source = path.stem if path.parent == shipped_folder("specs") else str(path)  # nobody edits an installed file
    return parse_spec(read_spec_text(path), source, overrides)


def parse_spec(text: str, source: str = "spec", overrides: Overrides = ()) -> Spec:
    """The spec a YAML text holds; `source` names it in messages."""
    return check_spec(read_document(text, source), overrides)


def check_spec(document: Document, overrides: Overrides = ()) -> Spec:
    """The spec of a document already read (a YAML text, or the `config.json` of a model)."""
    data, places = document.data, document.places
    if overrides:
        data, places = apply_overrides(data, places, overrides, BEGINNINGS)
    return with_chosen_weights(check_data(data, places, language_of(data), document.problems))
