"""From pictures and a machine to the spec one would begin with; every choice with its reason.

Sizes of batches come from the memory a real step takes, counted without contents; numbers of steps from the number of
pictures and from what the machine does in a day or two. The weight of R1 follows the resolution: the shipped specs have
0.1 at 32×32 and 0.4 at 64×64, the paper 10 at 256×256.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote

import torch

from hitzoo.data.survey import Survey
from hitzoo.errors import RequestError
from hitzoo.families.compile import compile_spec
from hitzoo.families.load import parse_spec
from hitzoo.runtime.free_memory import free_memory
from hitzoo.spec.r1_heuristic import heuristic_weight
from hitzoo.spec.spec_for_data import Commented, SpecChoices, spec_text, storable
from hitzoo.training.engine.memory_estimate import measure_footprint

SIDES = (32, 64, 128, 256)
_ENOUGH = 0.9  # of the pictures are at least as large as the images
_CPU_SIDE = 64  # pixels; more takes a CPU weeks
_FEW = 5_000  # pictures
_VERY_FEW = 1_000
_MOST_IMAGES = {"cpu": 640_000, "gpu": 5_000_000}  # to train on
_LEAST_IMAGES = 200_000
_EPOCHS = 500
_SAMPLES = 1_000
_BATCHES = {"cpu": (32, 16, 8), "gpu": (64, 32, 16, 8)}
_SHARE = 0.7  # of the free memory


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The machine to train on, with `memory` bytes free."""

    gpu: bool
    memory: int

    @property
    def kind(self) -> str:
        """As a key, and as a word."""
        return "gpu" if self.gpu else "cpu"


def this_machine(device: torch.device) -> Machine:
    """The device, with what is free of its memory."""
    if device.type == "cuda":
        return Machine(gpu=True, memory=torch.cuda.mem_get_info(device)[0])
    return Machine(gpu=device.type != "cpu", memory=free_memory())


def spec_for(pictures: Survey, name: str, machine: Machine, resolution: int | None = None) -> str:
    """The text of a spec of that name for these pictures, to be trained on that machine.

    Raises:
        RequestError: `resolution` is none that a spec can be made for.
    """
    side = _side(pictures, machine, resolution)
    choice = SpecChoices(
        name=name,
        summary=f"{pictures.count:,} pictures of {_place(pictures.location)} at {side.value}×{side.value}",
        head=_head(pictures, machine, name),
        wide=machine.gpu,
        source=pictures.location if storable(pictures.location) else None,
        resolution=side,
        channels=_channels(pictures),
        flip=Commented(
            value=True, why="mirrors half of them; false for text, maps, and whatever has a left and a right"
        ),
        r1=Commented(value=1.0),
        consistency=_consistency(pictures),
        batch_size=Commented(value=_BATCHES[machine.kind][0]),
        steps=Commented(value=1000),
        skip=_skip(pictures),
        every=Commented(value=0),
        samples=max(4, min(_SAMPLES, pictures.count)),
    )
    batch = _batch(choice, machine)
    steps = _steps(pictures, machine, int(str(batch.value)))
    r1 = _r1(int(str(side.value)), int(str(batch.value)))
    return spec_text(
        replace(choice, r1=r1, batch_size=batch, steps=steps, every=_every(pictures, int(str(steps.value))))
    )


def _side(pictures: Survey, machine: Machine, wanted: int | None) -> Commented:
    if wanted is not None:
        if wanted not in SIDES:
            raise RequestError(f"--resolution {wanted}: possible are {', '.join(map(str, SIDES))}")
        return Commented(value=wanted, why=f"as asked for; {_large_enough(pictures, wanted)}")
    fits = max((side for side in SIDES if pictures.at_least(side) >= _ENOUGH), default=SIDES[0])
    side = fits if machine.gpu else min(fits, _CPU_SIDE)
    why = _large_enough(pictures, side)
    if side < fits:
        why += f"; {fits} would do, but takes a GPU (--resolution {fits})"
    return Commented(value=side, why=why)


def _large_enough(pictures: Survey, side: int) -> str:
    share, among = pictures.at_least(side), f"their shorter side is {pictures.median} in the middle"
    if share == 1:
        return f"every picture is that large; {among}"
    return f"{share:.0%} of the pictures are that large, the others are enlarged; {among}"


def _channels(pictures: Survey) -> Commented:
    if pictures.grey == pictures.seen:
        return Commented(value=1, why="no picture has colours")
    if pictures.clear > pictures.seen / 2:
        return Commented(value=3, why="4 keeps the transparency that most of them have; else they are laid over white")
    return Commented(value=3)


def _r1(side: int, batch: int) -> Commented:
    """The weight that these networks were trained with, beside the rule of thumb of others."""
    weight = round(0.1 * (side / 32) ** 2, 3)
    here = "" if side == 32 else f", {weight:.3g} at {side}×{side}"
    return Commented(
        value=weight,
        why=f"grows with the number of pixels: 0.1 at 32×32{here}, as the shipped specs have it; no ½: StyleGAN's gamma"
        f" is {2 * weight:g}. `auto`, the rule of StyleGAN2-ADA, would be {heuristic_weight(side, batch):g}",
    )


def _consistency(pictures: Survey) -> Commented | None:
    if pictures.count >= _FEW:
        return None
    return Commented(value=10.0, why=f"{pictures.count:,} pictures are few: this keeps D from learning them by heart")


def _batch(choice: SpecChoices, machine: Machine) -> Commented:
    """The largest that fits; a smaller one only where memory asks for it."""
    sizes = _BATCHES[machine.kind]
    spec = parse_spec(spec_text(choice), "the spec")
    footprint = measure_footprint(spec, compile_spec(spec))
    room = _SHARE * machine.memory - footprint.training_fixed
    batch = next((size for size in sizes if size * footprint.training_per_image <= room), sizes[-1])
    takes = (footprint.training_fixed + batch * footprint.training_per_image) / 1e9
    return Commented(value=batch, why=f"a step takes {takes:.2g} GB; {machine.memory / 1e9:.3g} GB were free")


def _steps(pictures: Survey, machine: Machine, batch: int) -> Commented:
    wanted = min(max(_EPOCHS * pictures.count, _LEAST_IMAGES), _MOST_IMAGES[machine.kind])
    steps = max(1000, 1000 * round(wanted / batch / 1000))
    seen = steps * batch / pictures.count
    return Commented(value=steps, why=f"{steps * batch:,} images: each picture about {seen:,.0f} times")


def _every(pictures: Survey, steps: int) -> Commented:
    if pictures.count < 4:
        return Commented(value=0, why="too few pictures to be compared with")
    return Commented(value=steps // 10, why="the best checkpoint is kept, as RUN@best")


def _skip(pictures: Survey) -> Commented | None:
    if not pictures.unreadable:
        return None
    looked = pictures.seen + pictures.unreadable
    return Commented(
        value="skip", why=f"{pictures.unreadable} of {looked} cannot be read (`hitzoo data check` names them)"
    )


def _head(pictures: Survey, machine: Machine, name: str) -> list[str]:
    looked = "all of them" if pictures.seen >= pictures.count else f"{pictures.seen:,} of them looked at"
    lines = [f"Written by `hitzoo new --data` for {pictures.count:,} pictures ({looked}) and a {machine.kind.upper()}."]
    if pictures.count < _VERY_FEW:
        lines.append(f"{pictures.count:,} pictures are very few: expect them again, nearly. Some thousand do better.")
    if pictures.aspect > 1.4:
        lines.append("Most are far from square: data.crop center takes the middle, `none` squeezes the whole picture.")
    return [*lines, "", f"hitzoo estimate {quote(name)}.yaml", f"hitzoo train {quote(name)}.yaml --out runs/{name}"]


def _place(location: str) -> str:
    """A name without control characters."""
    name = Path(location).name or location
    return "".join(letter if letter.isprintable() else "?" for letter in name)
