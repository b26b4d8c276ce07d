"""The plan as a value: frozen, comparable, JSON-able, with a hash that identifies the network.

A `BlockPlan`'s `name` is its module path, its `state_dict` prefix, its row in the printed table and its name in an
error message; `kind` and `args` select and construct it from the registry of blocks.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

Value: TypeAlias = int | float | str | bool


@dataclass(frozen=True, kw_only=True)
class BlockPlan:
    """One module: its path, the kind of its block, and the block's arguments in alphabetical order."""

    name: str
    kind: str
    args: tuple[tuple[str, Value], ...]

    @property
    def kwargs(self) -> dict[str, Any]:
        """The arguments by name."""
        return dict(self.args)


def block(name: str, kind: str, **args: Value) -> BlockPlan:
    """Create a `BlockPlan` from keyword arguments."""
    return BlockPlan(name=name, kind=kind, args=tuple(sorted(args.items())))


def plan_hash(plan: Any) -> str:
    """SHA-256 of a plan's canonical JSON: two specs that mean the same network share it."""
    text = json.dumps(asdict(plan), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
