"""Problems of a TransGAN generator, found before anything is planned; each knows its line."""

from __future__ import annotations

from hitzoo.errors import Problem
from hitzoo.families.family import LARGEST_SIDE
from hitzoo.families.transgan.attention import stage_problems
from hitzoo.families.transgan.generator.spec import TransganGeneratorSpec
from hitzoo.spec.place import Path, Places


def generator_problems(spec: TransganGeneratorSpec, places: Places) -> list[Problem]:
    """Everything in the generator whose sizes do not fit each other."""
    if spec.sides[-1] > LARGEST_SIDE:
        message = f"{len(spec.stages)} stages from {spec.initial_size} end at {spec.sides[-1]}"
        hint = f"the largest image has a side of {LARGEST_SIDE} pixels"
        return [
            places.problem(("generator", "stages"), message, hint, beside=[("generator", "initial_size")]),
        ]
    problems: list[Problem] = []
    for index, (stage, side) in enumerate(zip(spec.stages, spec.sides, strict=True)):
        path: Path = ("generator", "stages", index)
        problems += _width_problems(spec, index, path, places)
        problems += stage_problems(spec, stage, side, path, places)
    return problems


def _width_problems(spec: TransganGeneratorSpec, index: int, path: Path, places: Places) -> list[Problem]:
    """A stage's width follows from the one before and from how it is upsampled."""
    if index == 0:
        return []
    before, stage = spec.stages[index - 1].channels, spec.stages[index]
    beside: list[Path] = [("generator", "stages", index - 1, "channels"), (*path, "upsample")]
    if stage.upsample == "bicubic":
        if stage.channels == before:
            return []
        message = f"bicubic upsampling keeps the {before} channels of the stage before, not {stage.channels}"
        return [places.problem((*path, "channels"), message, f"set channels: {before}", beside=beside)]
    if before % 4:
        message = f"{before} channels cannot be dealt to 2×2 pixels of the next stage"
        hint = f"a multiple of 4, for example {max(4, round(before / 4) * 4)}"
        return [places.problem(("generator", "stages", index - 1, "channels"), message, hint, beside=beside[1:])]
    if stage.channels == before // 4:
        return []
    message = f"a pixel shuffle makes {before // 4} of the {before} channels of the stage before, not {stage.channels}"
    hint = f"set channels: {before // 4}" + (", or upsample: bicubic" if stage.channels == before else "")
    return [places.problem((*path, "channels"), message, hint, beside=beside)]
