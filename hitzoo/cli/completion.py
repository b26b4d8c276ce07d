"""Shell completion: names of specs, models, runs and metrics; torch is not loaded for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import typer

_MOST = 200  # runs examined


def complete_spec(incomplete: str) -> list[str]:
    """Complete names of shipped specs; the shell completes files itself."""
    return [*complete_spec_name(incomplete), *_files(incomplete, (".yaml", ".yml"))]


def complete_spec_name(incomplete: str) -> list[str]:
    """Complete names of shipped specs only."""
    from hitzoo.spec.shipped import shipped_specs

    return [name for name in shipped_specs() if name.startswith(incomplete)]


def complete_model(incomplete: str) -> list[str]:
    """Complete names of the zoo's models, and runs."""
    return [*complete_model_name(incomplete), *complete_run(incomplete)]


def complete_model_name(incomplete: str) -> list[str]:
    """Complete names of the zoo's models only."""
    from hitzoo.spec.shipped import shipped_folder

    names = sorted(record.stem for record in shipped_folder("zoo").glob("*.yaml"))
    return [name for name in names if name.startswith(incomplete)]


def complete_spec_or_run(incomplete: str) -> list[str]:
    """Complete specs and runs, for `hitzoo train`."""
    return list(dict.fromkeys([*complete_spec(incomplete), *complete_run(incomplete)]))


def complete_run(incomplete: str) -> list[str]:
    """Complete folders of runs, below `runs` or along the path typed so far."""
    place = Path(incomplete)
    parent = place if incomplete.endswith("/") else place.parent
    folders = (folder for start in {parent, Path("runs")} for folder in _folders(start))
    return sorted({str(folder) for folder in folders if str(folder).startswith(incomplete) and _is_run(folder)})


def complete_metrics(incomplete: str) -> list[str]:
    """Complete names of metrics after those already typed: `fid,k` gives `fid,kid`."""
    from hitzoo.spec.types import MetricName

    written, comma, begun = incomplete.rpartition(",")
    known = set(written.split(","))
    return [f"{written}{comma}{name}" for name in get_args(MetricName) if name.startswith(begun) and name not in known]


def complete_path(incomplete: str) -> list[str]:
    """Complete paths of values for `--set`; of lists only the first entry."""
    from hitzoo.families.language import installed_language
    from hitzoo.spec.foreign import leaves_of

    paths = (path.replace("[]", "[0]") for listed in leaves_of(installed_language().schema).values() for path in listed)
    return sorted(f"{path}=" for path in paths if path.startswith(incomplete))


def complete_explained(incomplete: str) -> list[str]:
    """Complete paths of the spec language for `hitzoo explain`, including sections."""
    from hitzoo.families.language import installed_language
    from hitzoo.spec.reference import every_entry, reference

    entries = [entry for entry in every_entry(reference(installed_language())) if entry.path.startswith(incomplete)]
    of_schedules = {inner.path for entry in entries if entry.may_be_schedule for inner in entry.members}
    return [path for path in dict.fromkeys(entry.path for entry in entries) if path not in of_schedules]


def complete_device(incomplete: str) -> list[str]:
    """Complete kinds of devices."""
    return [name for name in ("auto", "cpu", "cuda", "mps") if name.startswith(incomplete)]


def complete_check_group(incomplete: str) -> list[str]:
    """Complete groups of `hitzoo doctor`'s checks."""
    from hitzoo.doctor.examination import GROUPS

    return [name for name in GROUPS if name.startswith(incomplete)]


def complete_recipe(incomplete: str) -> list[str]:
    """Complete names of recipes."""
    from hitzoo.spec.recipes import RECIPES

    return [name for name in RECIPES if name.startswith(incomplete)]


def complete_precision(incomplete: str) -> list[str]:
    """Complete precisions of sampling."""
    return [name for name in ("float32", "bfloat16") if name.startswith(incomplete)]


def complete_training_precision(incomplete: str) -> list[str]:
    """Complete precisions of training."""
    return [name for name in ("float32", "tf32", "bf16") if name.startswith(incomplete)]


def complete_tracker(incomplete: str) -> list[str]:
    """Complete names of trackers."""
    return [name for name in ("tensorboard", "wandb", "trackio", "mlflow") if name.startswith(incomplete)]


def complete_verb(context: typer.Context, incomplete: str) -> list[str]:
    """Complete verbs, for `hitzoo help`."""
    return [name for name in getattr(context.find_root().command, "commands", {}) if name.startswith(incomplete)]


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
    from hitzoo.zoo.run_layout import RunPaths

    return RunPaths(folder).is_run()
