"""The results of a card as a section of docs/benchmarks.md, which can be pasted there as it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.gpu_day.order import in_order

_SAMPLING = {
    "path": "path",
    "precision": "precision",
    "batch": "batch",
    "images_per_second": "images/s",
    "latency_ms": "ms per call",
    "latency_ms_quartiles": "quartiles",
    "speedup": "times the first",
    "peak_bytes": "memory",
    "share_of_bound": "share of bound",
}
_TRAINING = {
    "setting": "setting",
    "median_seconds": "seconds per step",
    "images_per_second": "images/s",
    "speedup": "times the first",
    "speedup_quartiles": "quartiles",
    "peak_bytes": "peak",
    "error": "",
}


def write_report(results: Path) -> Path:
    """Write `results.md` from what lies in a card's folder."""
    machine = json.loads((results / "machine.json").read_text(encoding="utf-8"))
    found = [json.loads(path.read_text(encoding="utf-8")) for path in results.glob("*.json") if path.stem != "machine"]
    place = results / "results.md"
    place.write_text(section(machine, in_order(found), folder=f"benchmarks/{results.name}"), encoding="utf-8")
    return place


def section(machine: Mapping[str, Any], results: Iterable[Mapping[str, Any]], *, folder: str) -> str:
    """Return the section: the machine, then every part with its command and table; pictures lie in `folder`."""
    results = list(results)
    days = sorted({result["when"] for result in results})
    lines = [f"## {machine.get('name', machine['device'])} ({', '.join(days)})", "", _about(machine), ""]
    for result in results:
        lines += [f"### {result['title']}", "", f"`{result['command']}`", ""]
        if result["status"] != "done":
            lines += [f"{result['status'].capitalize()}: {result.get('reason', '')}.", ""]
        lines += _body(result.get("result") or {}, folder)
    return "\n".join(lines).rstrip() + "\n"


def _about(machine: Mapping[str, Any]) -> str:
    words = [f"{machine['devices']} of it"] if machine.get("devices", 1) > 1 else []
    words += [f"{machine['memory'] / 1e9:.0f} GB"] if "memory" in machine else []
    words += [f"capability {machine['capability']}"] if "capability" in machine else []
    words += [f"{machine['cores']} cores"]
    words += [f"{name} {machine[name]}" for name in ("torch", "cuda", "cudnn", "triton", "python") if name in machine]
    return ", ".join(words) + "."


def _body(result: Mapping[str, Any], folder: str) -> list[str]:
    if "runs" in result:
        keys = _TRAINING if any("setting" in run for run in result["runs"]) else _SAMPLING
        rows = [{title: run.get(key) for key, title in keys.items()} for run in result["runs"]]
    elif "checks" in result:
        rows = [_check(check) for check in result["checks"]]
    else:
        rows = list(result.get("rows", ()))
    notes = [f"{name}: {result[name]}" for name in ("passed", "failed", "skipped") if name in result]
    notes += [f"Ceilings: {_ceilings(result['ceilings'])}"] if "ceilings" in result else []
    notes += [str(result["note"])] if "note" in result else []
    picture = [f"![{result['about']}]({folder}/{result['picture']})", ""] if "picture" in result else []
    return [*table(rows), *picture, *(["; ".join(notes) + ".", ""] if notes else [])]


def _check(check: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "check": check.get("name"),
        "device": check.get("device"),
        "status": check.get("status"),
        "value": check.get("value"),
        "unit": check.get("unit"),
        "note": check.get("note"),
    }


def _ceilings(ceilings: Mapping[str, Any]) -> str:
    rates = ", ".join(f"{rate / 1e12:.3g} TFLOP/s in {name}" for name, rate in ceilings["flops_per_second"].items())
    return f"copies {ceilings['bytes_per_second'] / 1e9:.4g} GB/s, products {rates}"


def table(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the lines of a table with the columns of all rows that hold anything; none without rows."""
    rows = list(rows)
    columns = list(dict.fromkeys(key for row in rows for key, value in row.items() if value not in (None, "")))
    if not columns:
        return []
    cells = [[cell(column, row.get(column)) for column in columns] for row in rows]
    return [_line(columns), _line("---" for _ in columns), *map(_line, cells), ""]


def cell(column: str, value: Any) -> str:
    """Return a value as it stands in a table: bytes with their unit, shares in percent, numbers with three digits."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "–".join(cell(column, one) for one in value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value).replace("|", "\\|").replace("\n", " ")
    if column in ("memory", "peak") or column.endswith("bytes"):
        return f"{value / 1e9:.3g} GB" if value >= 1e8 else f"{value / 1e6:.3g} MB"
    if column.startswith("share"):
        return f"{100 * value:.0f} %"
    return str(value) if isinstance(value, int) else f"{value:.4g}" if abs(value) >= 1000 else f"{value:.3g}"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
