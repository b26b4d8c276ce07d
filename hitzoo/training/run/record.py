"""The record of a run in its own files, read without torch: its spec, seed, data and every session so far.

The files may be damaged, or not hitzoo's at all: what is no answer is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard, get_args

from hitzoo.errors import RunError, SpecError
from hitzoo.families.chosen_weights import with_chosen_weights, with_weights_of
from hitzoo.families.load import check_spec, load_spec
from hitzoo.files import parse_json
from hitzoo.plan.role import Role
from hitzoo.spec.document import Document
from hitzoo.spec.override import Overrides
from hitzoo.spec.place import Places
from hitzoo.spec.types import Spec
from hitzoo.zoo.model_layout import CONFIG_NAME
from hitzoo.zoo.run_layout import ANY_STEP, RunPaths


@dataclass(frozen=True)
class RunRecord(RunPaths):
    """The record of a run in its folder."""

    def holds_run(self) -> bool:
        """Return True if a run was started here, however far it came."""
        return self.spec.is_file() or self.about.is_file() or any(self.checkpoints.glob(ANY_STEP))

    def stored_spec(self, overrides: Overrides = ()) -> Spec:
        """The spec the run goes on with: `spec.yaml`, or where that is gone what `run.json` or a checkpoint holds.

        Raises:
            SpecError: it says something it may not, or an override does.
            RequestError: an override is not `path=value`.
            RunError: it is nowhere.
        """
        if self.spec.is_file():
            return load_spec(self.spec, overrides)
        for file in (self.about, *sorted(self.checkpoints.glob(f"{ANY_STEP}/{CONFIG_NAME}"), reverse=True)):
            held = read_object(file).get("spec")
            if isinstance(held, dict):
                return _checked(held, str(file), overrides)
        raise RunError(
            f"{self.path} does not say what it trains: neither {self.spec.name} nor {self.about.name} is there;"
            f" give the spec it was begun with: hitzoo train SPEC --out {self.path} --resume"
        )

    def trained_spec(self) -> Spec | None:
        """The spec the last session trained, by `run.json`, which nobody edits, else `spec.yaml`; None without either.

        Raises:
            SpecError: `spec.yaml` says something it may not.
        """
        with suppress(SpecError, RunError):
            return _checked(self.about_spec(), str(self.about), ())
        return load_spec(self.spec) if self.spec.is_file() else None

    def with_settled_weights(self, spec: Spec, *, resumes: bool) -> Spec:
        """Return a spec with numbers for weights left open: if the run resumes, those that it was trained with."""
        spec = with_chosen_weights(spec)
        with suppress(SpecError):
            return with_weights_of(spec, self.trained_spec()) if resumes else spec
        return spec

    def about_spec(self) -> dict[str, Any]:
        """The spec as `run.json` holds it; empty where it does not."""
        held = self._about().get("spec")
        return held if isinstance(held, dict) else {}

    def name(self) -> str | None:
        """Return the name of the run's model."""
        found = self._about().get("name")
        return found if isinstance(found, str) else None

    def made_from(self) -> str | None:
        """The name of the spec the run was begun with."""
        found = self._about().get("made_from")
        return found if isinstance(found, str) else None

    def plan_hashes(self) -> dict[str, str]:
        """The identities of the networks by role, as far as `run.json` has them."""
        about = self._about()
        found = {network: about.get(f"{network}_plan") for network in get_args(Role)}
        return {network: value for network, value in found.items() if isinstance(value, str)}

    def networks(self) -> dict[str, dict[str, str]]:
        """Return the blocks of the networks, by role, as far as `run.json` has them."""
        held = self._about().get("networks")
        found = {name: blocks for name, blocks in held.items() if isinstance(blocks, dict)} if _is_object(held) else {}
        return {name: {key: str(words) for key, words in blocks.items()} for name, blocks in found.items()}

    def seed(self) -> int | None:
        """The seed the run was started with, if it says so."""
        found = self._about().get("seed")
        return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None

    def last_session(self) -> dict[str, Any]:
        """Return the record of the newest start; empty before the first."""
        sessions = self.sessions()
        return sessions[-1] if sessions and isinstance(sessions[-1], dict) else {}

    def sessions(self) -> list[Any]:
        """Return the sessions of the run: the first command and every resume."""
        found = self._about().get("sessions")
        return found if isinstance(found, list) else []

    def _about(self) -> dict[str, Any]:
        return read_object(self.about)


def read_object(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty where there is none."""
    try:
        found = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _checked(data: Mapping[str, Any], source: str, overrides: Overrides) -> Spec:
    try:
        return check_spec(Document(data, Places(source=source)), overrides)
    except RecursionError:
        raise RunError(f"{source} holds a spec that is nested too deeply to be read") from None
