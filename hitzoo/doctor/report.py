"""The report of an examination: facts in sections, results of checks, and both as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Status: TypeAlias = Literal["pass", "fail", "not applicable"]

FORMAT = 1
"""Raised when a key of the JSON changes its meaning or goes."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A fact: its key and JSON `value` for programs, its `label` and `text` for people, and advice where there is any.

    An empty text is not shown.
    """

    key: str
    label: str
    text: str
    value: Any
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Section:
    """Facts about one subject; `about` is a sentence for readers."""

    key: str
    title: str
    about: str
    facts: tuple[Fact, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the facts' values by key."""
        return {fact.key: fact.value for fact in self.facts}


@dataclass(frozen=True, kw_only=True)
class Outline:
    """A check without its code.

    Attributes:
        group: the name that `--only` takes.
        name: what is checked, in words.
        device: torch's name of the device.
        workaround: the setting that avoids a failure.
        kernel: the Triton kernel that is turned off if the check fails; "" for none.
        patience: seconds after which the check is ended, and has failed.
    """

    group: str
    name: str
    device: str
    workaround: str
    kernel: str = ""
    patience: float = 120.0


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of a check.

    Attributes:
        value: the figure in `unit`, None where there is none. "relative" is the largest difference from the reference,
            divided by the reference's largest value.
        limit: the largest value that passes; None where any does.
        note: the reason of a failure, or why the check does not apply.
        seconds: how long the check took.
    """

    outline: Outline
    status: Status
    value: float | None = None
    unit: str = ""
    limit: float | None = None
    note: str = ""
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return plain data, with the same keys for every status."""
        failed = self.status == "fail"
        return {
            "group": self.outline.group,
            "name": self.outline.name,
            "device": self.outline.device,
            "status": self.status,
            "value": self.value,
            "unit": self.unit,
            "limit": self.limit,
            "note": self.note,
            "workaround": self.outline.workaround if failed else "",
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that an examination found; `turned_off` names the Triton kernels now off, by device."""

    sections: Sequence[Section]
    results: Sequence[Result]
    turned_off: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def count(self, status: Status) -> int:
        """Count the checks that ended so."""
        return sum(result.status == status for result in self.results)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "format": FORMAT,
            **{section.key: section.to_json() for section in self.sections},
            "checks": [result.to_json() for result in self.results],
            "turned_off": {device: sorted(names) for device, names in self.turned_off.items()},
            "summary": {
                "passed": self.count("pass"),
                "failed": self.count("fail"),
                "not_applicable": self.count("not applicable"),
            },
        }
