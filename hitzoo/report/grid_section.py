"""Grids of samples over time: one slider moves those of all runs."""

from __future__ import annotations

from collections.abc import Sequence

from hitzoo.report.markup import Markup, element
from hitzoo.report.numbers import count
from hitzoo.report.pictures import Gallery, Picture
from hitzoo.report.run_facts import RunFacts


def grid_section(runs: Sequence[RunFacts], galleries: Sequence[Gallery]) -> Markup:
    """Return the grids of all runs beside each other; without a script the last ones are seen."""
    several = any(len(gallery.shown) > 1 for gallery in galleries)
    return element(
        "section",
        element("h2", "Samples", id="samples"),
        element("p", "The averaged generator's images of the same latents, as it learns.", class_="quiet"),
        _slider() if several else None,
        element(
            "div",
            [_run(place, run, gallery) for place, (run, gallery) in enumerate(zip(runs, galleries, strict=True))],
            class_="grids",
        ),
        aria_labelledby="samples",
    )


def _slider() -> Markup:
    return element(
        "div",
        element("button", "Play", type="button", id="play", aria_pressed="false"),
        element("label", "Step", for_="grid-slider"),
        element("input", type="range", id="grid-slider", min=0, max=0, value=0, step=1),
        element("output", id="grid-step", for_="grid-slider"),
        class_="bar",
        hidden=True,
        data_script=True,
    )


def _run(place: int, run: RunFacts, gallery: Gallery) -> Markup:
    last = len(gallery.shown) - 1
    frames = [_frame(run, picture, hidden=number < last) for number, picture in enumerate(gallery.shown)]
    real = gallery.real
    beside = [_image(real, f"Real images of {run.name}"), element("figcaption", "Real images")] if real else None
    samples = element("div", frames, class_="frames") if frames else None
    return element(
        "div",
        element("h3", element("span", class_=f"swatch run-{place % 6}", aria_hidden="true"), run.name),
        element("div", samples, element("figure", beside) if beside else None, class_="pair"),
        [element("p", note, class_="missing") for note in _notes(run, gallery)],
        class_="run-grids",
        data_run=place,
    )


def _frame(run: RunFacts, picture: Picture, *, hidden: bool) -> Markup:
    step = picture.step or 0
    images = run.images_at(step)
    told = f"step {step:,}" + (f", {images:,.0f} images shown" if images is not None else "")
    return element(
        "figure",
        _image(picture, f"Samples of {run.name} at {told}"),
        element("figcaption", f"S{told[1:]}"),
        hidden=hidden,
        class_="frame",
        data_step=step,
        data_images=f"{images:.0f}" if images is not None else step,
    )


def _image(picture: Picture, words: str) -> Markup:
    return element(
        "img",
        src=picture.source,
        alt=words,
        width=picture.width,
        height=picture.height,
        class_="pixelated" if picture.pixelated else None,
    )


def _notes(run: RunFacts, gallery: Gallery) -> list[str]:
    """Return what is missing, or is not as in the files."""
    notes = []
    if not gallery.found:
        notes.append(f"{run.name} has no grids of samples yet; `hitzoo train --sample-every N` says how often.")
    elif len(gallery.shown) < gallery.found - len(gallery.unreadable):
        notes.append(f"{len(gallery.shown)} of {count(gallery.found, 'grid')}; all are in {run.record.samples}.")
    if gallery.smaller:
        notes.append(f"Pictures are smaller than in {run.record.samples}, so that this page stays small.")
    if gallery.unreadable:
        notes.append(f"Not readable: {', '.join(gallery.unreadable[:3])}{' …' if len(gallery.unreadable) > 3 else ''}")
    return notes
