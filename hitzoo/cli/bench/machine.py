"""Description of the measured machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def machine(device: torch.device) -> dict[str, Any]:
    """Name of the hardware, number of threads and torch's version."""
    import torch

    name = torch.cuda.get_device_name(device) if device.type == "cuda" else _processor()
    return {"hardware": name, "threads": torch.get_num_threads(), "torch": str(torch.__version__)}


def on_machine(report: dict[str, Any]) -> str:
    """Format a report's machine: `on cpu (AMD EPYC, 2 threads, torch 2.15.0)`."""
    threads = f"{report['threads']} thread{'' if report['threads'] == 1 else 's'}"
    return f"on {report['device']} ({report['hardware']}, {threads}, torch {report['torch']})"


def ceilings_line(ceilings: dict[str, Any]) -> str:
    """Format the measured ceilings, given as JSON."""
    from hitzoo.cli import console

    rates = ", ".join(f"{console.flops(rate)}FLOP/s in {name}" for name, rate in ceilings["flops_per_second"].items())
    return f"measured here: copies {console.size(ceilings['bytes_per_second'])}/s read and written, products {rates}"


def _processor() -> str:
    """Name of the processor, if the system reports it."""
    import platform
    from pathlib import Path

    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.is_file() else []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()
