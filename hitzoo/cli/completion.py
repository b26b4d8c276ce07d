"""What the shell completes: names of specs, models, runs and metrics; torch is not loaded for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

_MOST = 200  # runs that are looked at


def complete_spec(incomplete: str) -> list[str]:
    """Names of shipped specs; files complete the shell's own way."""
    return [*complete_spec_name(incomplete), *_files(incomplete, (".yaml", ".yml"))]


def complete_spec_name(incomplete: str) -> list[str]:
    """Names of shipped specs only."""
    from hitzoo.spec.shipped import shipped_specs

    return [name for name in shipped_specs() if name.startswith(incomplete)]


def complete_model(incomplete: str) -> list[str]:
    """Names of the zoo's models, and runs."""
    from hitzoo.zoo.cards import cards

    return [*(name for name in sorted(cards()) if name.startswith(incomplete)), *complete_run(incomplete)]


def complete_run(incomplete: str) -> list[str]:
    """Folders of runs, below `runs` or where the words that were begun lead."""
    place = Path(incomplete)
    parent = place if incomplete.endswith("/") else place.parent
    folders = (folder for start in {parent, Path("runs")} for folder in _folders(start))
    return sorted({str(folder) for folder in folders if str(folder).startswith(incomplete) and _is_run(folder)})


def complete_metrics(incomplete: str) -> list[str]:
    """Names of metrics, after those that are written already: `fid,k` gives `fid,kid`."""
    from hitzoo.spec.types import MetricName

    written, comma, begun = incomplete.rpartition(",")
    known = set(written.split(","))
    return [f"{written}{comma}{name}" for name in get_args(MetricName) if name.startswith(begun) and name not in known]


def complete_verb(incomplete: str) -> list[str]:
    """The verbs, for `hitzoo help`."""
    from typer.main import get_command

    from hitzoo.cli.app import app

    return [name for name in getattr(get_command(app), "commands", {}) if name.startswith(incomplete)]


def _files(incomplete: str, endings: tuple[str, ...]) -> Iterator[str]:
    place = Path(incomplete)
    parent = place if incomplete.endswith("/") else place.parent
    for entry in _entries(parent):
        name = str(entry)
        if name.startswith(incomplete) and (entry.suffix in endings or entry.is_dir()):
            yield f"{name}/" if entry.is_dir() else name


def _folders(parent: Path) -> Iterator[Path]:
    yield from (entry for entry in _entries(parent) if entry.is_dir())


def _entries(parent: Path) -> list[Path]:
    try:
        return sorted(entry for entry in parent.iterdir() if not entry.name.startswith("."))[:_MOST]
    except OSError:
        return []


def _is_run(folder: Path) -> bool:
    return (folder / "run.json").is_file()
