"""The folder of a run: `spec.yaml`, `run.json`, `metrics.jsonl`, `best.json`, `samples/`, `checkpoints/`."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Any

import torch

from hitzoo.errors import OutputError, RunError
from hitzoo.families.pretrained import record_of
from hitzoo.files import write_text
from hitzoo.plan.model import ModelPlan
from hitzoo.releases import release_of
from hitzoo.runtime.launcher import launch_identity
from hitzoo.spec.convert import to_data
from hitzoo.spec.types import Spec
from hitzoo.spec.wording import scalar_in_words
from hitzoo.spec.write import leaves, to_yaml
from hitzoo.training.run.cleanup import remove_leftovers
from hitzoo.training.run.record import RunRecord
from hitzoo.training.run.same_networks import hashes_of, networks_of
from hitzoo.zoo.packages import packages_of
from hitzoo.zoo.run_layout import checkpoints

_MAY_CHANGE = re.compile(
    r"(summary|training\.steps|data\.source|data\.on_error)$|(evaluation|training\.activation_checkpointing)\b"
)


@dataclass(frozen=True)
class RunFolder(RunRecord):
    """The files of a run, and what may be done with them."""

    def newest_checkpoint(self) -> Path | None:
        """The checkpoint to resume from, if there is one."""
        saved = checkpoints(self.checkpoints)
        return saved[-1] if saved else None

    def refuse_if_used(self) -> None:
        """A new run needs a folder of its own.

        Raises:
            OutputError: the folder holds a run or anything else.
        """
        if self.holds_run():
            raise OutputError(
                f"{self.path} holds a run already; go on with it by resume=True, or choose another folder as out"
            ).or_as_option(
                f"{self.path} holds a run already; go on with it by --resume (hitzoo train --resume {self.path}), or"
                " choose a new name with --out"
            )
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            taken = f"{self.path} exists already and is not an empty folder; choose"
            raise OutputError(f"{taken} another one as out").or_as_option(f"{taken} a new name with --out")

    def describe(
        self, spec: Spec, plan: ModelPlan, *, seed: int, session: Mapping[str, Any], made_from: str | None = None
    ) -> None:
        """Write what the run is, as it goes on from here, and remove what a killed session left half written.

        `session` holds what the caller knows of this start, at least its `device`; the time (UTC), the command, the
        process and the versions are added. `made_from` is the name of the spec where the run is called otherwise.
        """
        remove_leftovers(self.path, self.samples, self.checkpoints, self.evaluations)
        origin = self.made_from() or made_from
        run = {
            "name": spec.name,
            **({"made_from": origin} if origin else {}),
            "seed": seed,
            **{f"{network}_plan": found for network, found in hashes_of(plan).items()},
            **packages_of(spec),
            **record_of(spec),
            "spec": to_data(spec),
            "sessions": [*self.sessions(), _this_process() | dict(session)],
            "networks": networks_of(plan),
        }
        write_text(self.spec, to_yaml(spec))
        write_text(self.about, _as_json(run) + "\n")

    def amend_session(self, changes: Mapping[str, Any]) -> None:
        """Replace some of what `describe` wrote about this session."""
        sessions = [*self.sessions()[:-1], self.last_session() | dict(changes)]
        write_text(self.about, _as_json(self._about() | {"sessions": sessions}) + "\n")

    def refuse_another_spec(self, spec: Spec) -> None:
        """Resuming goes on with the same spec; its length, where the data lies and how it is evaluated may change.

        Raises:
            RunError: the run was started with something else.
        """
        trained = self.trained_spec()
        if trained is None:
            return
        mine, stored = dict(leaves(spec)), dict(leaves(trained))
        changed = [key for key in sorted(mine.keys() | stored.keys()) if mine.get(key) != stored.get(key)]
        changed = [key for key in changed if not _MAY_CHANGE.match(key)]
        if changed:
            lines = [
                f"  {key}: {_as_written(stored.get(key))} in the run, {_as_written(mine.get(key))} now"
                for key in changed[:5]
            ]
            lines += [f"  … and {len(changed) - 5} more"] if len(changed) > 5 else []
            message = f"{self.path} was started with another spec:\n" + "\n".join(lines)
            raise RunError(f"{message}\nresume with its own: hitzoo train --resume {quote(str(self.path))}")

    def discard(self) -> None:
        """Remove the files of a run that never reached a checkpoint; only who holds the folder may ask for it."""
        if self.newest_checkpoint() is not None:
            return
        for folder in (self.samples, self.checkpoints, self.evaluations, self.tensorboard):
            shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            for file in (self.spec, self.about, self.metrics, self.best):
                file.unlink(missing_ok=True)


def _as_json(data: Any) -> str:
    """Readable JSON; names that are not UTF-8 (of a file, in the command) are escaped, so that they can be written."""
    text = json.dumps(data, indent=2, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(data, indent=2)
    return text


def _this_process() -> dict[str, Any]:
    """When, where and by what the run was started; `host` and `pid` tell whether it still runs."""
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": sys.argv,
        "host": platform.node(),
        "pid": os.getpid(),
        "launch": launch_identity(),
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    packages = ("hitzoo", "numpy", "pillow", "safetensors")
    known = {"python": platform.python_version(), "torch": str(torch.__version__)}
    return known | {name: release_of(name) for name in packages}


def _as_written(value: object) -> str:
    """A value as a spec has it, or that it has none."""
    return "absent" if value is None else scalar_in_words(value)
