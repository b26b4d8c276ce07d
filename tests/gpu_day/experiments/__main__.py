"""`python -m tests.gpu_day.experiments NAME`: after every row, all rows so far as one line of JSON."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from tests.gpu_day.experiments import attention, memory, processes, sampling, short_run, step
from tests.gpu_day.part import Setup

EXPERIMENTS = {
    "attention": attention.cross_attention,
    "attention-limits": attention.limits,
    "attention-kernels": attention.kernels_taken,
    "waits": step.waits,
    "blur": step.blur,
    "memory": memory.against_prediction,
    "memory-expandable": memory.against_prediction,
    "tiles": sampling.tiles,
    "graphs": sampling.graphs,
    "run": short_run.made_pictures,
    "failing-process": processes.one_fails,
    "strides": processes.strides,
}


def main() -> None:
    """Run one; what is no row of the table (a note, a picture) stands beside it."""
    parser = argparse.ArgumentParser(prog="python -m tests.gpu_day.experiments")
    parser.add_argument("name", choices=EXPERIMENTS)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--results", type=Path, default=Path("build/gpu_day"))
    given = parser.parse_args()
    result: dict[str, Any] = {"rows": []}
    for found in EXPERIMENTS[given.name](Setup(device=given.device, small=given.small, results=given.results)):
        if "note" in found or "picture" in found:
            result |= found
        else:
            result["rows"].append(found)
        print(json.dumps(result, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
