"""Problems of a StyleSwin generator, found before anything is planned; each knows its line."""

from __future__ import annotations

from hitzoo.errors import Problem
from hitzoo.families.family import LARGEST_SIDE
from hitzoo.families.head_groups import head_group_problems
from hitzoo.families.styleswin.spec import LARGEST_WINDOW, StyleswinGeneratorSpec, StyleswinStageSpec
from hitzoo.spec.place import Path, Places


def styleswin_problems(spec: StyleswinGeneratorSpec, places: Places) -> list[Problem]:
    """Everything in the generator whose sizes do not fit each other."""
    if spec.sides[-1] > LARGEST_SIDE:
        message = f"{len(spec.stages)} stages from {spec.initial_size} end at {spec.sides[-1]}"
        hint = f"the largest image has a side of {LARGEST_SIDE} pixels"
        return [places.problem(("generator", "stages"), message, hint, beside=[("generator", "initial_size")])]
    problems: list[Problem] = []
    for index, (stage, side) in enumerate(zip(spec.stages, spec.sides, strict=True)):
        path: Path = ("generator", "stages", index)
        problems += [*_channel_problems(stage, path, places), *_attention_problems(stage, side, path, places)]
    if not spec.stages[-1].to_rgb:
        path = ("generator", "stages", len(spec.stages) - 1, "to_rgb")
        problems.append(places.problem(path, "the last stage must add to the image", "remove to_rgb or set it to true"))
    return problems


def _channel_problems(stage: StyleswinStageSpec, path: Path, places: Places) -> list[Problem]:
    if stage.channels % 4:
        message = f"{stage.channels} channels cannot hold sines and cosines of rows and columns"
        hint = f"a multiple of 4, for example {max(4, round(stage.channels / 4) * 4)}"
        return [places.problem((*path, "channels"), message, hint)]
    if stage.channels % stage.head_count:
        message = f"{stage.head_count} heads do not divide {stage.channels} channels"
        fitting = [heads for heads in range(1, 65) if stage.channels % heads == 0]
        hint = f"possible: {', '.join(map(str, fitting))}"
        return [places.problem((*path, "heads"), message, hint, beside=[(*path, "channels")])]
    return []


def _attention_problems(stage: StyleswinStageSpec, side: int, path: Path, places: Places) -> list[Problem]:
    if stage.attention is not None:
        return head_group_problems(stage.attention, stage.head_count, side, (*path, "attention"), places)
    if side % min(side, LARGEST_WINDOW):
        message = f"windows of {LARGEST_WINDOW} do not divide the resolution {side}"
        beside: list[Path] = [path, ("generator", "initial_size")]
        return [places.problem((*path, "attention"), message, "give the stage head groups that fit", beside=beside)]
    if stage.head_count % 2:
        message = f"{stage.head_count} heads cannot be halved, as windows and moved windows need"
        hint = "make them even, or give the stage head groups"
        return [places.problem((*path, "heads"), message, hint, beside=[(*path, "channels")])]
    return []
