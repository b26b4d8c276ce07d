"""Lists of whole numbers in words: `0-35,40`."""

from __future__ import annotations

from dataclasses import dataclass

from hitzoo.errors import RequestError

MOST_IMAGES = 10_000_000
_LONGEST = 40  # letters of a mistake that are shown


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A kind of list: its `option` and `noun` for messages, the `largest` number, and an `example`."""

    option: str
    noun: str
    largest: int
    example: str


def parse_ranges(text: str, listed: Listed) -> list[int]:
    """Parse single numbers and inclusive ranges, in the order written.

    Raises:
        RequestError: a part is neither, a number is too large, or there are more than ten million.
    """
    numbers: list[int] = []
    for part in text.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise _neither(text, part, listed)
        begin, end = _number(first, listed), _number(last if dash else first, listed)
        if end < begin:
            raise _neither(text, part, listed)
        if len(numbers) + end - begin >= MOST_IMAGES:
            raise _refusal(text, part, listed, "makes more than ten million images")
        numbers.extend(range(begin, end + 1))
    return numbers


def shortened(text: str) -> str:
    """The text, or its beginning where it is long."""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _neither(text: str, part: str, listed: Listed) -> RequestError:
    why = f"is neither a {listed.noun} nor a range; write for example {listed.example}"
    return _refusal(text, part, listed, why)


def _refusal(text: str, part: str, listed: Listed, why: str) -> RequestError:
    return RequestError(f"{listed.option} {shortened(text)}: '{shortened(part.strip())}' {why}")


def _number(digits: str, listed: Listed) -> int:
    """A number of any length: Python itself reads no more than some thousand digits."""
    plain = digits.lstrip("0") or "0"
    if len(plain) > len(str(listed.largest)) or int(plain) > listed.largest:
        raise RequestError(
            f"{listed.noun} {shortened(digits)} is out of range;"
            f" {listed.option.removeprefix('--')} are 0 to {listed.largest}"
        )
    return int(plain)
