"""A short run on made pictures: its speed, its losses and its last grid."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.gpu_day.part import Setup


def made_pictures(setup: Setup) -> Iterator[dict[str, Any]]:
    """Train for a few steps by the command; the grid goes beside the results."""
    name, steps, batch = ("hit-ti-shapes32", 4, 4) if setup.small else ("hit-b-ffhq256", 200, 16)
    with TemporaryDirectory(prefix="hitzoo-run-") as folder:
        run = Path(folder) / "run"
        words = ["train", name, "--out", run, "--data", "synthetic", "--steps", steps, "--batch-size", batch]
        words += [
            "--device",
            setup.device,
            "--log-every",
            max(steps // 8, 1),
            "--sample-every",
            steps,
            "--optimized",
            "--for",
            "5m",
        ]
        subprocess.run([sys.executable, "-m", "hitzoo", *map(str, words)], check=True)
        for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines():
            yield _row(json.loads(line))
        grids = sorted((run / "samples").glob("*.png"))
        setup.results.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(grids[-1], setup.results / "run.png")
    yield {"picture": "run.png", "about": f"samples of {name} after {steps} steps on made pictures"}


def _row(record: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of a record, without what is nested."""
    return {name: value for name, value in record.items() if isinstance(value, (int, float))}
