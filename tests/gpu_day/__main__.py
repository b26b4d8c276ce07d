"""`python -m tests.gpu_day`: the parts that fit into the time, each result written as soon as it is there."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.gpu_day.day import CHECKOUT, run_parts
from tests.gpu_day.part import Setup
from tests.gpu_day.parts import chosen, parts_of_day

_MACHINE = """
import json, os, platform, sys, torch
device = torch.device(sys.argv[1])
facts = {"device": device.type, "cores": os.cpu_count()}
facts |= {"python": platform.python_version(), "torch": str(torch.__version__)}
if device.type == "cuda":
    of = torch.cuda.get_device_properties(device)
    facts |= {"name": of.name, "devices": torch.cuda.device_count(), "capability": f"{of.major}.{of.minor}"}
    facts |= {"memory": of.total_memory, "processors": of.multi_processor_count, "cuda": torch.version.cuda}
    facts |= {"cudnn": torch.backends.cudnn.version()}
try:
    import triton
    facts["triton"] = triton.__version__
except ImportError:
    pass
print(json.dumps(facts))
"""


def main(arguments: list[str] | None = None) -> int:
    """Run it; 0 unless a part failed."""
    given = _parser().parse_args(arguments)
    machine = _machine(given.device)
    default = CHECKOUT / ("build/gpu_day" if given.small or given.device == "cpu" else "docs/benchmarks")
    results = (given.out or default).absolute() / folder_name(machine)
    setup = Setup(device=given.device, small=given.small, results=results)
    try:
        parts = chosen(parts_of_day(setup), (name for name in given.parts.split(",") if name))
    except ValueError as error:
        sys.exit(str(error))
    found = run_parts(parts, results, machine, seconds=given.seconds, again=given.again, tell=_tell)
    _tell(f"results: {results}")
    return 0 if all(one["status"] in ("done", "not possible here") for one in found) else 1


def folder_name(machine: dict[str, Any]) -> str:
    """Return the name of a card's folder: `nvidia-h100-80gb-hbm3`."""
    return re.sub(r"[^a-z0-9]+", "-", str(machine.get("name", machine["device"])).lower()).strip("-")


def _machine(device: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", _MACHINE, device], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"--device {device}: {(done.stderr.strip().splitlines() or ['torch does not start'])[-1]}")
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def _tell(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.gpu_day", description=__doc__)
    parser.add_argument("--parts", default="", metavar="A,B", help="these parts alone, in the day's order")
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), metavar="N", help="begin nothing after that time"
    )
    parser.add_argument("--again", action="store_true", help="also what there are results of")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--small", action="store_true", help="everything in miniature, to try the script")
    parser.add_argument("--out", type=Path, metavar="DIR", help="results go to DIR/CARD; default docs/benchmarks")
    return parser


if __name__ == "__main__":
    sys.exit(main())
