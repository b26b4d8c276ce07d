"""Request of `hitzoo train`: a new run of a spec, or a run to resume, which remembers its own settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hitzoo.errors import RequestError
from hitzoo.files import reason_of

_NO_SPEC = (
    "give a spec: hitzoo train SPEC --data PATH --out DIR (`hitzoo list` shows the shipped ones), or only --data PATH,"
    " and one is made that fits the pictures there; or resume a run: hitzoo train --resume RUN"
)

if TYPE_CHECKING:
    from hitzoo.spec.types import Spec
    from hitzoo.training.run.record import RunRecord


@dataclass(frozen=True)
class RunRequest:
    """Spec, run folder, and the options of the last session that are not given again.

    `made_from` is the spec's own name if the model has another; `chosen` is a line about a spec made for the images.
    """

    spec: Spec
    out: Path
    made_from: str | None = None
    chosen: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


def run_request(
    word: str | None,
    out: Path | None,
    *,
    resume: bool,
    name: str | None = None,
    new_data: bool = False,
    overrides: Sequence[str] = (),
    given: frozenset[str] = frozenset(),
    data: str | None = None,
    device: str = "auto",
) -> RunRequest:
    """Interpret `hitzoo train [word] [--out out] [--resume]`; an invalid spec is reported at once.

    `word` is a spec's file or name, or a run's folder; with `resume` either it or `out` suffices for a run. Options
    `given` now are not taken from the run's last session.

    Raises:
        RequestError: something is missing, or the words contradict each other.
        SpecError, UnknownNameError: as `open_spec`.
    """
    from hitzoo.cli.process import count
    from hitzoo.cli.spec_for_data import spec_for_data
    from hitzoo.families.compile import compile_spec
    from hitzoo.families.open import open_spec
    from hitzoo.training.run.name import named
    from hitzoo.training.run.record import RunRecord
    from hitzoo.training.run.remembered_options import remembered

    if new_data and not resume:
        raise RequestError("--new-data goes with --resume; a new run takes the images that --data names")
    run = _run_meant(word, out, resume, begins=data is not None)
    if run is not None:
        stored = run.stored_spec(overrides)
        spec = named(stored, name, run.path, run.name() or stored.name)  # run.json may be damaged
        compile_spec(spec)
        return RunRequest(spec, run.path, made_from=run.made_from(), options=remembered(run.last_session(), given))
    if word is None and data is None:
        raise RequestError(_NO_SPEC)
    loaded, chosen = open_spec(word, overrides)[0] if word is not None else None, ""
    if out is None:
        way_on = f"; to resume a run: hitzoo train --resume RUN, or {word} --out RUN --resume" if resume else ""
        raise RequestError(f"--out DIR is missing, the run's own folder: hitzoo train {word} --out runs/NAME{way_on}")
    if loaded is None:
        loaded, chosen = spec_for_data(data, out, device=device, processes=count(), overrides=overrides)
    there = RunRecord(out)
    spec = named(loaded, name, out, there.name() if resume else None)
    options = remembered(there.last_session(), given) if resume else {}
    made_from = (there.made_from() if resume else None) or (loaded.name if spec.name != loaded.name else None)
    return RunRequest(spec, out, made_from=made_from, options=options, chosen=chosen)


def _run_meant(word: str | None, out: Path | None, resume: bool, *, begins: bool) -> RunRecord | None:
    """Return the run named in place of a spec."""
    from hitzoo.training.run.record import RunRecord

    try:
        if word is None:
            if not resume or out is None or (begins and not RunRecord(out).holds_run()):
                return None
            return _resumed(RunRecord(out))
        place = _run_named(word, named_twice=out is not None)
        if place is None:
            return None
        run = RunRecord(place)
        if not resume:
            if run.holds_run():
                raise RequestError(f"{word} is a run; continue it: hitzoo train --resume {word}")
            return None
        if out is not None and out.absolute() != place.absolute() and not _same(out, place):
            raise RequestError(
                f"{place} is a run, which continues in its own folder: omit --out. A new run from its weights starts"
                f" with hitzoo train SPEC --out {out} --init {place}"
            )
        return _resumed(run)
    except OSError as error:
        raise RequestError(f"{word if word is not None else out} cannot be read: {reason_of(error)}") from error


def _run_named(word: str, *, named_twice: bool) -> Path | None:
    """Return the folder of the run named by itself, its spec.yaml or one of its checkpoints; None for a spec."""
    from hitzoo.spec.shipped import shipped_specs
    from hitzoo.zoo.run_layout import RunPaths

    path = Path(word).expanduser()
    if path.is_dir():
        return None if named_twice and word in shipped_specs() else path
    if named_twice:
        return None
    if path == (run := RunPaths(path.parent)).spec and run.is_run():
        return path.parent
    return None if path.is_file() or word in shipped_specs() or len(path.parts) < 2 else path


def _resumed(run: RunRecord) -> RunRecord:
    if run.holds_run():
        return run
    from hitzoo.zoo.model_layout import is_model
    from hitzoo.zoo.run_layout import run_of

    above = run_of(run.path.absolute())
    if above is not None and is_model(run.path):
        raise RequestError(
            f"{run.path} is a checkpoint; its run continues from the newest: hitzoo train --resume {above.path}. A new"
            f" run from this one's weights starts with --init {run.path}"
        )
    there = "holds no run" if run.path.is_dir() else "is not there"
    raise RequestError(
        f"{run.path} {there}; give the folder of a run to continue (`hitzoo runs DIR` lists them), or start one:"
        f" hitzoo train SPEC --data PATH --out {run.path}"
    )


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)
