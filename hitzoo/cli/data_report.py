"""Output of `hitzoo data check`, `data pack` and `data make`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from hitzoo.cli import console

if TYPE_CHECKING:
    from hitzoo.data.fits import Fit
    from hitzoo.data.make import MakeReport
    from hitzoo.data.pack import PackReport
    from hitzoo.data.report import DataReport

_MOST_LINES = 20
_MOST_SIZES = 3
_MOST_FITS, _MOST_NAMES = 3, 4
_MOST_COPIES = 5


def print_report(report: DataReport) -> None:
    """Print the contents of a data set."""
    console.print_line(f"{report.location}: {console.count(report.count, 'image')}, {report.readable:,} readable")
    for line in _facts(report):
        console.print_line(f"  {line}")
    for remark in report.remarks:
        console.print_line(f"  note: {remark}", style="yellow")
    for name, first in report.copies[:_MOST_COPIES]:
        console.print_line(f"  copy: {name} of {first}")
    _print_rest(report.copies, _MOST_COPIES)
    _print_names("unreadable", report.bad)


def print_packed(report: PackReport) -> None:
    """Print the result of packing."""
    side, size = report.square.resolution, console.size(report.size)
    console.print_line(f"wrote {report.out}: {console.count(report.packed, 'image')} of {side}×{side}, {size}")
    _print_names("left out", report.skipped)


def print_made(report: MakeReport) -> None:
    """Print the result of making, with the credit that its licence asks for."""
    side, size = report.resolution, console.size(report.size)
    console.print_line(f"wrote {report.out}: {console.count(report.number, 'image')} of {side}×{side}, {size}")
    console.print_line(f"  licence: {report.license}; {report.credit.splitlines()[0]}")
    console.print_line("  LICENSE.txt in the file has all of it")


def _facts(report: DataReport) -> Iterable[str]:
    sides = list(report.shorter_sides)
    if len(report.sizes) > _MOST_SIZES:
        yield f"shorter side: {sides[0]:,} to {sides[-1]:,} pixels, median {report.median_side:,}"
    elif report.sizes:
        yield f"sizes: {_ranked({f'{width}×{height}': count for (width, height), count in report.sizes.items()})}"
    if report.modes:
        yield f"modes: {_ranked(report.modes)}"
        yield f"formats: {_ranked(report.formats)}"
    if report.animated:
        yield f"animated: {report.animated:,}; the first frame is used"
    if report.non_square and report.aspects:
        narrow, wide = (f"{ratio:.3g}" for ratio in report.aspects)
        span = f"width over height {narrow} to {wide}"
        yield f"not square: {report.non_square:,}, {span}; data.crop decides how they are cropped"
    if report.readable:
        yield f"fits: {_of_fits(report.fits)}"
    if report.ignored_files:
        yield f"ignored: {report.ignored_files}"


def _of_fits(fits: Sequence[Fit]) -> str:
    """Format the largest resolutions with the specs of each."""
    if not fits:
        return "no shipped spec as they are; most are smaller than 32×32, to which `hitzoo train --data` enlarges them"
    parts = []
    for fit in fits[:_MOST_FITS]:
        names = ", ".join(fit.specs[:_MOST_NAMES])
        more = f" and {len(fit.specs) - _MOST_NAMES} more" if len(fit.specs) > _MOST_NAMES else ""
        smaller = f"; {console.count(fit.smaller, 'image')} smaller" if fit.smaller else ""
        parts.append(f"{names}{more} ({fit.resolution}×{fit.resolution}{smaller})")
    return "; ".join(parts)


def _ranked(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({count:,})" for name, count in counts.items())


def _print_names(what: str, images: Sequence[tuple[str, str]]) -> None:
    """Print name and reason of the first few."""
    for name, reason in images[:_MOST_LINES]:
        console.print_line(f"  {what}: {name} ({reason})", style="red")
    _print_rest(images, _MOST_LINES)


def _print_rest(images: Sequence[object], shown: int) -> None:
    if len(images) > shown:
        console.print_line(f"  … and {len(images) - shown:,} more (--json names all)")
