"""The flags of every verb, hidden ones too, as stored in flags.json.

`python -m tests.cli.flags` writes the file anew after a flag was added; it refuses to drop one that users have.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from hitzoo.cli.app import app

STORED = Path(__file__).with_name("flags.json")
Flags = dict[str, dict[str, bool]]


def verbs(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    yield " ".join(words), group
    for name, verb in sorted(getattr(group, "commands", {}).items()):
        yield from verbs(verb, (*words, name))


def current() -> Flags:
    """For each verb ("" is the command itself) its flags, and whether each takes a value."""
    return {
        words: {
            flag: not getattr(param, "is_flag", False)
            for flag, param in sorted(
                (flag, param)
                for param in verb.params
                if param.param_type_name == "option"
                for flag in (*param.opts, *param.secondary_opts)
            )
        }
        for words, verb in verbs(get_command(app))
    }


def stored() -> Flags:
    return json.loads(STORED.read_text(encoding="utf-8"))


def broken(before: Flags, now: Flags) -> list[str]:
    """What worked with the flags before and does not now."""
    return [
        f"hitzoo {verb} {flag}".replace("  ", " ")
        for verb, flags in before.items()
        for flag, takes_value in flags.items()
        if now.get(verb, {}).get(flag) is not takes_value
    ]


if __name__ == "__main__":
    now = current()
    if STORED.exists() and (gone := broken(stored(), now)):
        sys.exit("gone, or changed in taking a value; keep them as hidden names: " + ", ".join(gone))
    STORED.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
