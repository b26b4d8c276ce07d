"""docs/api.md shows every name that `hitzoo` exports, and nothing that is not there."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import hitzoo

PAGE = Path(__file__).parents[1] / "docs" / "api.md"
SHOWN = re.findall(r"^::: (\S+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def resolved(path: str) -> Any:
    """The object of a dotted path: the longest part that is a module, then attributes."""
    words = path.split(".")
    for end in range(len(words), 0, -1):
        try:
            found: Any = import_module(".".join(words[:end]))
        except ModuleNotFoundError:
            continue
        for word in words[end:]:
            found = getattr(found, word)
        return found
    raise ModuleNotFoundError(path)


def test_api_page_shows_every_public_name() -> None:
    assert {f"hitzoo.{name}" for name in hitzoo.__all__} - set(SHOWN) == set()


@pytest.mark.parametrize("path", SHOWN)
def test_api_page_names_exist_and_have_docstrings(path: str) -> None:
    assert resolved(path).__doc__


def test_resolved_refuses_unknown_name() -> None:
    with pytest.raises(AttributeError):
        resolved("hitzoo.nothing")
