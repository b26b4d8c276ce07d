"""The reference in docs/spec.md, written from the schema."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from hitzoo.spec.language import Language
from hitzoo.spec.reference import Entry, Group, every_entry, reference

MARK = "<!-- From here on this page is written by `make docs`, from hitzoo/spec/schema/spec.schema.json. -->\n"
_HEAD = ("| key | takes | default | what it is |", "|---|---|---|---|")
_SCHEDULES = "Schedules"
_TALLEST = 6  # levels of headings


def with_reference(page: str, language: Language) -> str:
    """The page with its introduction as it is, and the reference anew."""
    introduction, _, _ = page.partition(MARK)
    return f"{introduction}{MARK}\n{reference_text(language)}"


def reference_text(language: Language) -> str:
    """Every key of the spec language as Markdown, one section per mapping."""
    whole = reference(language)
    lines = ["## The document", "", *_table(whole), "", *_sections_inside(whole, 2), *_schedules(whole)]
    return "\n".join(lines).rstrip() + "\n"


def _sections_inside(group: Group, level: int) -> Iterator[str]:
    for entry in group.entries:
        if entry.groups and not entry.may_be_schedule:
            yield from _section(entry, level)


def _schedules(whole: Group) -> Iterator[str]:
    """The keys of a schedule, which are the same wherever a number may be one."""
    (group,) = next(entry.groups for entry in every_entry(whole) if entry.may_be_schedule)
    prefix = f"{group.path}."
    yield from (f"## {_SCHEDULES}", "", _prose(group.description), "")
    yield from _table(replace(group, entries=tuple(_without(prefix, entry) for entry in group.entries)))


def _without(prefix: str, entry: Entry) -> Entry:
    return replace(entry, path=entry.path.removeprefix(prefix))


def _section(entry: Entry, level: int) -> Iterator[str]:
    listed = entry.groups[0].path != entry.path
    yield from (f"{'#' * min(level, _TALLEST)} {_heading(entry)}", "")
    if entry.description:
        yield from (_prose(entry.description), "")
    if listed:
        yield from (f"A {entry.type}{f' ({entry.allowed})' if entry.allowed else ''}. In each entry:", "")
    for group in entry.groups:
        if group.choice not in (None, entry.choice):
            yield from (f"With `{group.choice[0]}: {group.choice[1]}`: {_prose(group.description)}", "")
        elif listed and group.description:
            yield from (_prose(group.description), "")
        if group.entries:
            yield from (*_table(group), "")
    for group in entry.groups:
        yield from _sections_inside(group, level + 1)


def _table(group: Group) -> Iterator[str]:
    yield from _HEAD
    for entry in group.entries:
        takes = entry.type + (f": {entry.allowed}" if entry.allowed else "")
        description = f"{entry.description} {_link(entry)}" if entry.groups else entry.description
        yield f"| `{entry.path}` | {_cell(takes)} | {_default(entry)} | {_cell(description)} |"


def _default(entry: Entry) -> str:
    if entry.required:
        return "**required**"
    return "" if entry.default is None else f"`{entry.default_in_words}`"


def _heading(entry: Entry) -> str:
    """The path, with the choice that it belongs to: others may have the same path."""
    return entry.path if entry.choice is None else f"{entry.path} with {entry.choice[0]}: {entry.choice[1]}"


def _link(entry: Entry) -> str:
    """To the section of a mapping: GitHub drops what is no letter, digit, `_` or `-` from a heading, spaces apart."""
    if entry.may_be_schedule:
        return f"[{_SCHEDULES}.](#{_SCHEDULES.lower()})"
    return f"[Its keys.](#{re.sub(r'[^a-z0-9_ -]', '', _heading(entry)).replace(' ', '-')})"


def _cell(text: str) -> str:
    return _prose(text).replace("|", r"\|")


def _prose(text: str) -> str:
    """Without letters that Markdown would take for its own."""
    return re.sub(r"[*<]", lambda found: "\\" + found[0], text)
