"""Write the pins anew: `python -m tests.pins.record`."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import hitzoo
from hitzoo.spec.shipped import shipped_specs
from tests.pins.six_steps import HERE, RECIPES, digests, machine
from tests.processes.start import Starter


def networks() -> dict[str, dict[str, str]]:
    """Return the identities of the networks of every shipped spec."""
    plans = {name: hitzoo.compile_spec(hitzoo.load_spec(name)) for name in shipped_specs()}
    return {name: {role: plan.hash(role) for role in plan.networks} for name, plan in plans.items()}


def six_steps() -> dict[str, object]:
    """Return the digests of all recipes, and the machine they are from."""
    with tempfile.TemporaryDirectory() as folder:
        recipes = {
            name: digests(Starter(real=True), name, Path(folder) / str(index)) for index, name in enumerate(RECIPES)
        }
    return {"machine": machine(), "recipes": recipes}


if __name__ == "__main__":
    for file, content in (("networks.json", networks()), ("six_steps.json", six_steps())):
        text = json.dumps(content, indent=1)
        text = re.sub(r"\[\s+(\S+)\s+(\S+)\s+\]", r"[\1 \2]", text)  # one line per tensor
        (HERE / file).write_text(text + "\n", encoding="utf-8")
