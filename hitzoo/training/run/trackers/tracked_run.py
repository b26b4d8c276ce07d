"""What a tracker is told of a run: its name, what it trains, and an identity that a resumed run keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from hitzoo.spec.convert import to_data
from hitzoo.spec.types import Spec
from hitzoo.training.run.record import RunRecord

PROJECT: Final = "hitzoo"
_LETTERS: Final = 16


@dataclass(frozen=True)
class TrackedRun:
    """A run as trackers know it. `config` is its spec with every default, and its seed; `resumed` if it went on."""

    name: str
    identity: str
    config: Mapping[str, Any]
    resumed: bool

    @classmethod
    def of(cls, record: RunRecord, spec: Spec, seed: int) -> TrackedRun:
        """Describe a run whose `run.json` is written: its first session tells it from all others."""
        sessions = record.sessions()
        first = sessions[0] if sessions and isinstance(sessions[0], dict) else {}
        known = [seed, record.plan_hashes(), first.get("started"), first.get("host"), first.get("pid")]
        identity = sha256(json.dumps(known, sort_keys=True, default=str).encode()).hexdigest()[:_LETTERS]
        return cls(spec.name, identity, {**to_data(spec), "seed": seed}, resumed=len(sessions) > 1)
