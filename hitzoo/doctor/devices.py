"""The devices that torch finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hitzoo.doctor.byte_size import byte_size
from hitzoo.doctor.report import Fact, Section


def devices(found: Mapping[str, Any] | None) -> Section:
    """Name, memory, free memory, compute capability, multiprocessors and kernels turned off of each device."""
    listed: Sequence[Mapping[str, Any]] = found["devices"] if found else ()
    return Section(
        key="devices",
        title="Devices",
        about="What can compute here, as --device names it.",
        facts=tuple(_fact(device) for device in listed),
    )


def _fact(device: Mapping[str, Any]) -> Fact:
    words = [
        device["name"] or "",
        f"{byte_size(device['memory'])} of memory" if device["memory"] else "",
        f"{byte_size(device['free'])} free" if device["free"] is not None else "",
        f"compute capability {device['capability']}" if device["capability"] else "",
        f"{device['processors']} multiprocessors" if device["processors"] else "",
    ]
    text = ", ".join(filter(None, words)) or "the processor above"
    value = {key: device[key] for key in ("name", "memory", "free", "capability", "processors", "turned_off")}
    off = ", ".join(device["turned_off"])
    hint = f"Triton kernels that an earlier examination turned off: {off}; they are checked again" if off else ""
    return Fact(key=device["device"], label=device["device"], text=text, value=value, hint=hint)
