"""A family's `schema.json`: its piece of the schema of specs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def definitions_beside(module: str) -> Mapping[str, Any]:
    """The JSON Schema definitions in the `schema.json` beside a module's file."""
    return json.loads(Path(module).with_name("schema.json").read_text(encoding="utf-8"))
