"""A training step: its waits for the device, and its blur."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch

import hitzoo
from hitzoo.layers.downsample import BlurPool
from hitzoo.objectives.build import objective_of
from hitzoo.training.engine.runner import StepRunner
from hitzoo.training.engine.state import new_state
from tests.cuda.waits import waits_in
from tests.gpu_day.experiments.timing import milliseconds, named, relative, tried
from tests.gpu_day.part import Setup

_TAPS = (1 / 8, 3 / 8, 3 / 8, 1 / 8)


def runner(name: str, batch: int, device: torch.device, *overrides: str, pieces: int = 1) -> StepRunner:
    """Make the steps of a shipped spec at another batch size."""
    spec = hitzoo.load_spec(name, overrides=[f"training.batch_size={batch}", *overrides])
    plan = hitzoo.compile_spec(spec)
    state, objective = new_state(plan, spec.training, 0, device), objective_of(spec)
    return StepRunner(state, objective, seed=0, latent_dim=plan.input_width, device=device, micro_batches=pieces)


def images_for(name: str, batch: int) -> torch.Tensor:
    """Make random images (B, R, R, C) in bytes."""
    plan = hitzoo.compile_spec(hitzoo.load_spec(name))
    shape = (batch, plan.resolution, plan.resolution, plan.image_channels)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def waits(setup: Setup) -> Iterator[dict[str, Any]]:
    """Where the third step of a spec waits for the device, and how often."""
    device = torch.device(setup.device)
    for name in ("hit-ti-shapes32",) if setup.small else ("hit-ti-shapes32", "hit-b-ffhq256"):
        for pieces in (1, 4):
            yield from _waits_of(name, device, pieces)


def _waits_of(name: str, device: torch.device, pieces: int) -> Iterator[dict[str, Any]]:
    step, images = runner(name, 4, device, "training.norm_statistics=1", pieces=pieces), images_for(name, 4)
    images = images.pin_memory() if device.type == "cuda" else images
    for number in (1, 2):
        step(number, images)
    if device.type != "cuda":
        yield {"network": name, "pieces": pieces, "place": "no card", "waits": 0}
        return
    found = Counter(waits_in(lambda: step(3, images)))
    yield {"network": name, "pieces": pieces, "place": "in all", "waits": sum(found.values())}
    for place, count in found.most_common():
        yield {"network": name, "pieces": pieces, "place": _from_package(place), "waits": count}


def _from_package(place: str) -> str:
    parts = Path(place).parts
    return "/".join(parts[-3:])


def blur(setup: Setup) -> Iterator[dict[str, Any]]:
    """The blur as networks take it and as sums of strided slices, forward and backward."""
    device = torch.device(setup.device)
    x = torch.randn(*((2, 8, 32, 32) if setup.small else (16, 64, 256, 256)), device=device)
    for dtype in (torch.float32, torch.bfloat16):
        for layout in (torch.contiguous_format, torch.channels_last):
            given = x.to(dtype).contiguous(memory_format=layout).requires_grad_()
            pool = BlurPool(x.shape[1]).to(device, dtype)
            for name, way in (("as it is trained", pool), ("slices", _by_slices)):
                row = {"precision": named(dtype), "channels last": layout is torch.channels_last, "way": name}
                yield row | tried(partial(_forward_and_back, way, given, device))


def _by_slices(x: torch.Tensor) -> torch.Tensor:
    """One direction after the other: four slices each, weighted and added."""
    for axis in (-2, -1):
        padding = (1, 1) if axis == -1 else (0, 0, 1, 1)
        padded, size = torch.nn.functional.pad(x, padding), x.shape[axis] // 2
        places = [slice(first, first + 2 * size, 2) for first in range(4)]
        cut = [padded[..., place] if axis == -1 else padded[..., place, :] for place in places]
        x = sum(weight * one for weight, one in zip(_TAPS, cut, strict=True))  # type: ignore[assignment]
    return x


def _forward_and_back(
    way: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, device: torch.device
) -> dict[str, Any]:
    out = way(x)
    gradient = torch.randn_like(out)
    off = relative(out.detach(), _by_slices(x.detach().double()))

    def both() -> None:
        torch.autograd.grad(way(x), x, gradient)

    return {"ms": milliseconds(both, device), "off by": off}
