"""The text of an examination: sections of facts, one line per check, and a summary; for terminals, pipes and files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from hitzoo.cli import console
from hitzoo.cli.wrapping import wrapped
from hitzoo.doctor.report import Fact, Report, Result, Section
from hitzoo.escape import one_line

Line = tuple[str, bool]
"""A line, and whether it stands out."""

_WORDS = {"pass": "pass", "fail": "FAIL", "not applicable": "n/a"}
_MARK = 8  # columns before the name of a check
_WIDEST_LABEL, _WIDEST_NAME = 24, 48  # columns
_ROOM = 16  # columns for a figure beside the name
_ABOUT_CHECKS = (
    'A small computation on each, with seeded numbers; "off by" is the largest difference from the same in float64,'
    " relative to the largest value. n/a: does not apply here."
)
_PASTE = (
    "For a bug report, paste all of this text: it names no user, host, home folder or token."
    " `hitzoo doctor --out report` writes it to files."
)


def report_lines(report: Report, width: int, *, full: bool) -> Iterator[Line]:
    """Lines of a report, at most `width` columns wide but for words that are longer."""
    for section in report.sections:
        if any(fact.text for fact in section.facts):
            yield from _section(section, width)
    yield from _checks(report.results, width)
    yield from _summary(report, width, full=full)


def _section(section: Section, width: int) -> Iterator[Line]:
    yield section.title, True
    yield from _plain(section.about, width)
    shown = [fact for fact in section.facts if fact.text]
    column = 2 + min(max(len(fact.label) for fact in shown), _WIDEST_LABEL, width // 2) + 2
    for fact in shown:
        yield from _fact(fact, column, width)
    yield "", False


def _fact(fact: Fact, column: int, width: int) -> Iterator[Line]:
    label = f"  {fact.label}"
    if len(label) > column - 2:
        yield label, False
        label = ""
    yield from _plain(f"{label:<{column}}{fact.text}", width, column)
    if fact.hint:
        yield from _plain(f"{'':<{column}}hint: {fact.hint}", width, column)


def _checks(results: Sequence[Result], width: int) -> Iterator[Line]:
    """Yield the checks by device; those that belong to none are the first and the last."""
    names = [len(result.outline.name) for result in results]
    column = _MARK + min(max(names, default=0), _WIDEST_NAME, max(width - _MARK - _ROOM - 2, 8)) + 2
    explained = False
    for device, own in groupby(results, key=lambda result: result.outline.device):
        yield f"Checks of {device}" if device else "Checks", True
        if device and not explained:
            explained = True
            yield from _plain(_ABOUT_CHECKS, width)
        for result in own:
            yield from _check(result, column, width)
        yield "", False


def _check(result: Result, column: int, width: int) -> Iterator[Line]:
    name = f"  {_WORDS[result.status]:<{_MARK - 2}}{one_line(result.outline.name)}"
    figure = _figure(result)
    if result.status == "fail":
        yield from ((line, True) for line, _ in _beside(name, figure, column, width))
        yield from _plain(f"{'':<{_MARK}}{one_line(result.note)}", width, _MARK)
        if result.outline.workaround:
            yield from _plain(f"{'':<{_MARK}}workaround: {result.outline.workaround}", width, _MARK)
    else:
        yield from _beside(name, ", ".join(filter(None, (figure, one_line(result.note)))), column, width)


def _beside(name: str, text: str, column: int, width: int) -> Iterator[Line]:
    """Put a text in its column beside a name, or below a name that is too long."""
    if not text:
        yield from _plain(name, width, _MARK)
    elif len(name) > column - 2 or (column + len(text) > width and column > width // 2):
        yield from _plain(name, width, _MARK)
        yield from _plain(f"{'':<{_MARK + 2}}{text}", width, _MARK + 2)
    else:
        yield from _plain(f"{name:<{column}}{text}", width, column)


def _figure(result: Result) -> str:
    """Format a check's figure, with its limit if that was exceeded."""
    if result.value is None:
        return ""
    if result.unit == "relative":
        limit = f", at most {result.limit:.0e} passes" if result.status == "fail" and result.limit is not None else ""
        return f"off by {result.value:.1e}{limit}"
    if result.unit == "B/s":
        return f"{console.size(result.value)}/s"
    if result.unit == "FLOP/s":
        return f"{console.flops(result.value)}FLOP/s"
    return f"{result.value:.1f} {result.unit}"


def _summary(report: Report, width: int, *, full: bool) -> Iterator[Line]:
    failed = [result for result in report.results if result.status == "fail"]
    yield "Summary", True
    yield from _plain(_verdict(report.count("pass"), len(failed), report.count("not applicable")), width)
    for result in failed:
        outline = result.outline
        yield from _plain(f"  failed: {' '.join(filter(None, (outline.device, outline.name)))}", width, 4)
    for device, names in report.turned_off.items():
        if names:
            yield from _plain(_turned_off(device, names), width)
    if not full:
        yield from _plain("Longer checks: `hitzoo doctor --full`.", width)
    yield from _plain(_PASTE, width)


def _verdict(passed: int, failed: int, rest: int) -> str:
    does_not = f"{rest} {'does' if rest == 1 else 'do'} not apply"
    if failed:
        well = f"{console.count(failed, 'check')} failed, {passed} passed, {does_not}"
        return f"{well}. A workaround, where there is one, stands above, below the failure:"
    return f"All is well: {console.count(passed, 'check')} passed, {does_not}."


def _turned_off(device: str, names: Sequence[str]) -> str:
    what = f"the Triton kernel{'' if len(names) == 1 else 's'} {', '.join(names)}"
    return (
        f"Turned off on {device}: {what}. torch's own operations compute the same until hitzoo, torch or the driver"
        " changes, or the check passes again."
    )


def _plain(text: str, width: int, hang: int | None = None) -> Iterator[Line]:
    yield from ((line.rstrip(), False) for line in wrapped(text, width, hang))
