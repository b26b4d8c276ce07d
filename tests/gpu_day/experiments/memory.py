"""The memory of a step at the size that is predicted to fill the card."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

import hitzoo
from hitzoo.training.engine.memory_estimate import measure_footprint
from hitzoo.training.engine.micro_batch_search import group_of
from tests.gpu_day.experiments.step import images_for, runner
from tests.gpu_day.experiments.timing import tried
from tests.gpu_day.part import Setup

_SHARE = 0.92  # of the card
_SMALL = 400_000_000  # bytes, in miniature


def against_prediction(setup: Setup) -> Iterator[dict[str, Any]]:
    """Rehearse, then make, a step of that many images."""
    names = ("hit-ti-shapes32",) if setup.small else ("hit-b-ffhq256", "hit-b-ffhq1024")
    for name in names:
        for checkpointing in ("none", "all"):
            yield from _at(name, checkpointing, torch.device(setup.device))


def _at(name: str, checkpointing: str, device: torch.device) -> Iterator[dict[str, Any]]:
    override = f"training.activation_checkpointing={checkpointing}"
    spec = hitzoo.load_spec(name, overrides=[override])
    footprint = measure_footprint(spec, hitzoo.compile_spec(spec))
    total = torch.cuda.get_device_properties(device).total_memory if device.type == "cuda" else _SMALL
    group = group_of(spec)
    fitting = int(_SHARE * total - footprint.training_fixed) // footprint.training_per_image // group * group
    for batch in (max(fitting, group), max(fitting * 3 // 4 // group * group, group)):
        predicted = footprint.training_fixed + batch * footprint.training_per_image
        row = {"network": name, "checkpointing": checkpointing, "images": batch, "predicted bytes": predicted}
        found = tried(lambda batch=batch: _measured(name, batch, override, device))
        yield row | found
        if "error" not in found:
            return


def _measured(name: str, batch: int, override: str, device: torch.device) -> dict[str, Any]:
    step, images = runner(name, batch, device, override), images_for(name, batch)
    if device.type != "cuda":
        step(1, images)
        return {}
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(device)
    for number in (1, 2):
        step(number, images)
    free, total = torch.cuda.mem_get_info(device)
    return {
        "allocated bytes": torch.cuda.max_memory_allocated(device),
        "reserved bytes": torch.cuda.max_memory_reserved(device),
        "used bytes": total - free,
    }
