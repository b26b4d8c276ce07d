"""The way in: a path, a shipped name, a text or plain data to a checked `Spec`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hitzoo.errors import Problem, SpecError
from hitzoo.spec.check import check_shape, schema
from hitzoo.spec.convert import to_spec
from hitzoo.spec.document import Document, read_document
from hitzoo.spec.folder import is_config, text_of_config
from hitzoo.spec.override import apply_overrides
from hitzoo.spec.place import Places
from hitzoo.spec.repair import mend
from hitzoo.spec.shipped import find_spec, shipped_folder
from hitzoo.spec.types import Spec
from hitzoo.spec.validation import size_problem

_LARGEST_FILE = 1 << 20  # bytes; a spec has a few thousand


def load_spec(name_or_path: str | Path, overrides: Sequence[str] = ()) -> Spec:
    """Read a spec file, the shipped spec of that name, or the spec of a run or a model folder.

    Args:
        name_or_path: `specs/mine.yaml`, `hit-b-ffhq256` or `runs/photos`.
        overrides: `path=value` words that replace single values, checked like the rest.

    Raises:
        UnknownNameError: no such file or shipped spec.
        SpecError: the document says something it may not; all problems together, each with its line.
        RequestError: an override is not `path=value`.
    """
    path = find_spec(str(name_or_path))
    source = path.stem if path.parent == shipped_folder("specs") else str(path)  # nobody edits an installed file
    return parse_spec(read_spec_text(path), source, overrides)


def read_spec_text(path: Path) -> str:
    """The text of a spec file, refused when it cannot be one."""
    try:
        raw = path.read_bytes() if path.stat().st_size <= _LARGEST_FILE else None
        if raw is None:
            raise SpecError(str(path), [Problem(0, 0, "", "the file is larger than a spec can be (1 MiB)")])
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8 text (byte {error.start})"
        raise SpecError(str(path), [Problem(0, 0, "", message, "save it as UTF-8")]) from None
    except OSError as error:
        raise SpecError(str(path), [Problem(0, 0, "", f"cannot be read: {error.strerror}")]) from None
    return text_of_config(path, text) if is_config(path) else text


def parse_spec(text: str, source: str = "spec", overrides: Sequence[str] = ()) -> Spec:
    """The spec a YAML text holds; `source` names it in messages."""
    return check_spec(read_document(text, source), overrides)


def check_spec(document: Document, overrides: Sequence[str] = ()) -> Spec:
    """The spec of a document already read (a YAML text, or the `config.json` of a model)."""
    data, places = document.data, document.places
    if overrides:
        data, places = apply_overrides(data, places, overrides)
    problems = [*document.problems, *check_shape(data, places)]
    if problems:
        raise _with_all_that_is_wrong(data, places, problems)
    return to_spec(data, places)


def _with_all_that_is_wrong(data: Mapping[str, Any], places: Places, problems: list[Problem]) -> SpecError:
    """The problems, those that come to light when these are mended, and the mended specs."""
    if size_problem(data):
        return SpecError(places.source, problems)
    ways = [mend(data, places, schema(), guess=guess) for guess in (0, 1)]
    more = ways[0].problems & ways[1].problems
    mended = [to_spec(way.data, places) for way in ways if way.data is not None]
    return SpecError(places.source, [*problems, *more], mended if len(mended) == len(ways) else ())
