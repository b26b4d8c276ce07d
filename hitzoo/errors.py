"""The errors that a user can cause, as one tree.

    HitzooError                 one clear message, exit code 2, no traceback
    ├── SpecError               a spec document says something it may not; holds every problem found
    ├── UnknownNameError        no spec, model or file of that name; a LookupError too
    ├── DataError               the images cannot be used
    │   └── UnreadableImage     one image file cannot be decoded
    ├── WeightsError            a weights file is missing, damaged or belongs to another network
    ├── RunError                a training run cannot start or go on
    │   ├── Diverged            its losses or gradients are no longer finite
    │   └── RunComplete         it has no step left; no mistake: exit code 0
    ├── HubError                the Hugging Face Hub refuses, cannot be reached, or holds something else
    ├── RequestError            a value given on the command line or in a call is not possible; a ValueError too
    │   └── ArgumentError       the value of one argument, which is an option of the command too
    └── OutputError             something could not be written

Anything else that is raised is a bug of ours and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from typing import Self

from hitzoo.escape import one_line

_MOST_SHOWN = 100  # problems of one document; more is no spec


class HitzooError(Exception):
    """A mistake or mishap the user can act on; its text is the whole message, in a program's words.

    Where the command's words are others, as the name of an option instead of an argument's, `as_option` has them.
    """

    exit_code = 2
    as_option: str | None = None

    def or_as_option(self, message: str) -> Self:
        """Set the message in the command's words."""
        self.as_option = message
        return self


@dataclass(frozen=True, order=True)
class Problem:
    """A mistake in a document: the place, what is wrong, and the way on.

    `line` and `column` count from 1; 0 means the place is not in a file (an override, a default).
    """

    line: int
    column: int
    path: str
    message: str
    hint: str = ""

    def render(self, source: str) -> str:
        """Write it in two or three lines: `source:line:column  path`, the message, the hint."""
        place = f"{source}:{self.line}:{self.column}" if self.line else source
        lines = [f"{place}  {self.path}" if self.path else place, f"  {self.message}"]
        if self.hint:
            lines.append(f"  {self.hint}")
        return "\n".join(map(one_line, lines))


class SpecError(HitzooError):
    """A spec that cannot be used, with all its problems in the order of their lines.

    `mended` are specs as the document may have been meant, whose sizes can be checked: what does not fit in all of them
    does not depend on what had to be guessed.
    """

    def __init__(self, source: str, problems: Iterable[Problem], mended: Sequence[object] = ()) -> None:
        self.source = source
        self.mended = mended
        self.problems = tuple(sorted(set(problems)))
        lines = [problem.render(source) for problem in self.problems[:_MOST_SHOWN]]
        if len(self.problems) > _MOST_SHOWN:
            lines.append(f"and {len(self.problems) - _MOST_SHOWN:,} problems more")
        super().__init__("\n".join(lines))


class UnknownNameError(HitzooError, LookupError):
    """No spec, model or file of the name that was given. Not a `KeyError`, whose text is shown in quotes."""


class DataError(HitzooError):
    """The images cannot be used: none there, unreadable, or not what the spec wants."""


class UnreadableImage(DataError):  # noqa: N818 - an image, not an error, is what the name says
    """An image that cannot be decoded; `name` is the file, `reason` the decoder's message."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(one_line(f"{name}: not a readable image ({reason})"))

    def __reduce__(self) -> tuple[type[UnreadableImage], tuple[str, str]]:
        return type(self), (self.name, self.reason)  # crosses from a worker process to the main one


class WeightsError(HitzooError):
    """A weights file is missing, damaged or belongs to another network."""


class RunError(HitzooError):
    """A training run cannot start or go on."""


class Diverged(RunError):  # noqa: N818 - what happened, not an error
    """Losses or gradients were not finite for many steps in a row."""


class RunComplete(RunError):  # noqa: N818 - what is the case, not an error
    """The run has no step left."""

    exit_code = 0


class HubError(HitzooError):
    """The Hugging Face Hub refuses, cannot be reached, or holds something else than what is wanted."""


class RequestError(HitzooError, ValueError):
    """A value given on the command line or in a call is not possible."""


class ArgumentError(RequestError):
    """The value of one argument is not possible."""

    def __init__(self, name: str, value: object, said: str) -> None:
        self.as_option = f"--{name.replace('_', '-')} {value}: {said}"
        super().__init__(f"{name} {str(value)!r}: {said}")
        self._parts = (name, value, said)

    def __reduce__(self) -> tuple[type[ArgumentError], tuple[str, object, str]]:
        return type(self), self._parts


class OutputError(HitzooError):
    """Something could not be written: no space, no permission, or it would overwrite."""


def first_line(error: BaseException) -> str:
    """First line of an error's text, in which torch has its figures; the error's class where it has none."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def suggestion(word: str, allowed: Iterable[str], *, rather: Collection[str] = ()) -> str:
    """`did you mean 'x'?` for the allowed word nearest to `word`, or nothing where none is near.

    Of words that are equally near one of `rather` is taken.
    """
    near = get_close_matches(word, sorted(allowed), n=5, cutoff=0.6)
    if not near:
        return ""
    nearest = [other for other in near if _likeness(word, other) == _likeness(word, near[0])]
    return f"did you mean '{next((other for other in nearest if other in rather), near[0])}'?"


def _likeness(word: str, other: str) -> float:
    return SequenceMatcher(None, other, word).ratio()
