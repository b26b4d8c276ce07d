"""Places of the values in a document, so that an error can name its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from hitzoo.errors import Problem, SpecError

Path: TypeAlias = tuple[str | int, ...]


_LONGEST = 200  # letters; a stranger's key may have a million


def render_path(path: Path) -> str:
    """`("generator", "stages", 1, "heads")` as an author writes it: `generator.stages[1].heads`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


@dataclass(frozen=True)
class Places:
    """The line and column (from 1) of every key and value of one document.

    `keys` and `values` are by path; `overridden` maps a path that was set from outside to the words that set it, and
    `chosen` one whose value was chosen for the author to the sentence that says so.
    """

    source: str = "spec"
    keys: Mapping[Path, tuple[int, int]] = field(default_factory=lambda: MappingProxyType({}))
    values: Mapping[Path, tuple[int, int]] = field(default_factory=lambda: MappingProxyType({}))
    overridden: Mapping[Path, str] = field(default_factory=lambda: MappingProxyType({}))
    chosen: Mapping[Path, str] = field(default_factory=lambda: MappingProxyType({}))

    def problem(
        self, path: Path, message: str, hint: str = "", *, at_key: bool = False, beside: Sequence[Path] = ()
    ) -> Problem:
        """A `Problem` at `path`, or at the nearest enclosing value the document does hold.

        `beside` are the values that `path` does not fit: what was set from outside among them is what is wrong.
        """
        words = next(filter(None, map(self._override_of, (path, *beside))), "")
        if words:
            return Problem(
                0, 0, render_path(path), message, "; ".join(filter(None, (hint.removesuffix("."), f"set by {words}")))
            )
        line, column = self._locate(path, self.keys if at_key else self.values)
        return Problem(line, column, render_path(path), message, hint)

    def error(self, problems: list[Problem]) -> SpecError:
        """All the problems of this document as one error."""
        return SpecError(self.source, problems)

    def _locate(self, path: Path, marks: Mapping[Path, tuple[int, int]]) -> tuple[int, int]:
        if path in marks:
            return marks[path]
        for length in range(len(path), -1, -1):
            if path[:length] in self.values:
                return self.values[path[:length]]
        return 0, 0

    def _override_of(self, path: Path) -> str:
        for length in range(len(path), 0, -1):
            if path[:length] in self.overridden:
                return self.overridden[path[:length]]
        return ""
