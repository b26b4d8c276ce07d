"""Problems of a TransGAN discriminator, found before anything is planned; each knows its line."""

from __future__ import annotations

from hitzoo.errors import Problem
from hitzoo.families.family import Frame
from hitzoo.families.transgan.attention import stage_problems
from hitzoo.families.transgan.discriminator.spec import TransganDiscriminatorSpec
from hitzoo.spec.place import Path, Places


def discriminator_problems(spec: TransganDiscriminatorSpec, frame: Frame, places: Places) -> list[Problem]:
    """Everything in the discriminator whose sizes do not fit each other, or the images."""
    sides = _side_problems(spec, frame, places)
    problems = [*sides, *_width_problems(spec, places), *_kernel_problems(spec, places)]
    if frame.side % (spec.patch_size << (len(spec.stages) - 1)):
        return problems
    for index, stage in enumerate(spec.stages):
        side = frame.side // (spec.patch_size << index)
        problems += stage_problems(spec, stage, side, ("discriminator", "stages", index), places)
    return problems


def _side_problems(spec: TransganDiscriminatorSpec, frame: Frame, places: Places) -> list[Problem]:
    """The patches of every stage tile the image."""
    largest = spec.patch_size << (len(spec.stages) - 1)
    if frame.side % largest == 0 or frame.wanted not in (None, frame.side):
        return []  # where the data's side is another, that is what is said
    message = f"patches of {largest} pixels, those of the last stage, do not tile a side of {frame.side}"
    hint = f"change discriminator.patch_size or the number of stages, or {frame.change}"
    path: Path = ("discriminator", "stages")
    return [places.problem(path, message, hint, beside=[("discriminator", "patch_size"), *frame.decided_by])]


def _width_problems(spec: TransganDiscriminatorSpec, places: Places) -> list[Problem]:
    """A stage keeps the channels of the one before and can only add to them."""
    problems: list[Problem] = []
    for index in range(1, len(spec.stages)):
        before, own = spec.stages[index - 1].channels, spec.stages[index].channels
        if own < before:
            path: Path = ("discriminator", "stages", index, "channels")
            message = f"{own} channels cannot hold the {before} of the stage before and patches of its own"
            problems.append(places.problem(path, message, f"{before} without patches, or more"))
    return problems


def _kernel_problems(spec: TransganDiscriminatorSpec, places: Places) -> list[Problem]:
    """A kernel reaches equally far beyond its patch on both sides."""
    problems: list[Problem] = []
    for index, stage in enumerate(spec.stages):
        stride = spec.patch_size << index
        if stage.kernel is not None and (stage.kernel < stride or (stage.kernel - stride) % 2):
            message = f"a kernel of {stage.kernel} does not lie evenly about patches of {stride} pixels"
            path: Path = ("discriminator", "stages", index, "kernel")
            hint = f"possible: {stride}, {stride + 2}, {stride + 4}, …"
            problems.append(places.problem(path, message, hint, beside=[("discriminator", "patch_size")]))
    return problems
