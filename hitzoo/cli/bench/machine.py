"""What the machine is that was measured, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def machine(device: torch.device) -> dict[str, Any]:
    """The hardware's name, the threads and torch's version."""
    import torch

    name = torch.cuda.get_device_name(device) if device.type == "cuda" else _processor()
    return {"hardware": name, "threads": torch.get_num_threads(), "torch": str(torch.__version__)}


def on_machine(report: dict[str, Any]) -> str:
    """`on cpu (AMD EPYC, 2 threads, torch 2.15.0)`, of a report that holds them."""
    return f"on {report['device']} ({report['hardware']}, {report['threads']} threads, torch {report['torch']})"


def ceilings_line(ceilings: dict[str, Any]) -> str:
    """What was measured of the device, as JSON has it, in words."""
    from hitzoo.cli import console

    rates = ", ".join(f"{console.flops(rate)}FLOP/s in {name}" for name, rate in ceilings["flops_per_second"].items())
    return f"measured here: copies {console.size(ceilings['bytes_per_second'])}/s read and written, products {rates}"


def _processor() -> str:
    """The processor's own name where the system tells it."""
    import platform
    from pathlib import Path

    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.is_file() else []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()
