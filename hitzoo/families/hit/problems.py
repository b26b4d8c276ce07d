"""Problems of a HiT generator, found before anything is planned; each problem knows its line."""

from __future__ import annotations

from hitzoo.errors import Problem
from hitzoo.families.family import LARGEST_SIDE, Frame
from hitzoo.families.head_groups import head_group_problems
from hitzoo.families.hit.attention import BLOCKED, HALVED, HEAD_GROUPS, attends, attention_kind, balanced_block_size
from hitzoo.families.hit.spec import HitGeneratorSpec, StageSpec
from hitzoo.spec.place import Path, Places


def hit_problems(spec: HitGeneratorSpec, places: Places) -> list[Problem]:
    """Everything in the generator whose sizes do not fit each other."""
    last = spec.initial_size << (len(spec.stages) - 1)
    if last > LARGEST_SIDE:
        message = f"{len(spec.stages)} stages from {spec.initial_size} end at {last}"
        hint = f"the largest image has a side of {LARGEST_SIDE} pixels"
        beside = [("generator", "initial_size")]
        return [places.problem(("generator", "stages"), message, hint, beside=beside)]
    problems: list[Problem] = []
    for index, stage in enumerate(spec.stages):
        path: Path = ("generator", "stages", index)
        problems += _head_problems(spec, stage, path, places)
        if not isinstance(stage.attention, str):
            side = spec.initial_size << index
            problems += head_group_problems(stage.attention, stage.heads, side, (*path, "attention"), places)
        problems += _block_problems(stage, spec.initial_size << index, path, places)
        problems += _width_problems(spec, index, path, places)
    if spec.stages[-1].to_rgb is False:
        path = ("generator", "stages", len(spec.stages) - 1, "to_rgb")
        problems.append(places.problem(path, "the last stage must add to the image", "remove to_rgb or set it to true"))
    return problems


def decoder_problems(spec: HitGeneratorSpec, frame: Frame, places: Places) -> list[Problem]:
    """Tokens are means over equal squares of the codes, and there is no latent."""
    if frame.codes is not None and spec.latent_dim != HitGeneratorSpec.latent_dim:
        message, path = "latent_dim has no effect: a decoder takes codes, and no latent", ("generator", "latent_dim")
        return [places.problem(path, message, "leave it out", beside=[("encoder",)])]
    return _token_problems(spec, frame, places)


def _token_problems(spec: HitGeneratorSpec, frame: Frame, places: Places) -> list[Problem]:
    if frame.codes is None or not spec.latent_tokens or frame.codes.side % spec.latent_tokens == 0:
        return []
    side = frame.codes.side
    fitting = [t for t in range(1, side + 1) if side % t == 0]
    message = f"{spec.latent_tokens}×{spec.latent_tokens} tokens do not divide {side}×{side} codes"
    path: Path = ("generator", "latent_tokens")
    return [
        places.problem(path, message, f"possible: {', '.join(map(str, fitting))}", beside=[("encoder", "channels")])
    ]


def _head_problems(spec: HitGeneratorSpec, stage: StageSpec, path: Path, places: Places) -> list[Problem]:
    halves = attention_kind(stage) in HALVED
    beside = [(*path, "channels"), (*path, "attention"), ("generator", "latent_tokens")]
    fitting = [h for h in range(1, 65) if stage.channels % h == 0 and not (halves and h % 2)]
    hint = f"possible: {', '.join(map(str, fitting))}" if fitting else "make the number of channels even"
    if attends(spec, stage) and stage.channels % stage.heads:
        message = f"{stage.heads} heads do not divide {stage.channels} channels"
        return [places.problem((*path, "heads"), message, hint, beside=beside)]
    if halves and stage.heads % 2:
        message = f"{stage.attention} attention needs an even number of heads (half for each axis), not {stage.heads}"
        return [places.problem((*path, "heads"), message, hint, beside=beside)]
    return []


def _block_problems(stage: StageSpec, resolution: int, path: Path, places: Places) -> list[Problem]:
    size = stage.block_size
    beside = [(*path, "attention"), ("generator", "initial_size")]
    if size is not None and attention_kind(stage) not in BLOCKED:
        words = {"none": "without attention", HEAD_GROUPS: "with head groups, which have sizes of their own,"}.get(
            attention_kind(stage), f"with {stage.attention} attention"
        )
        hint = f"remove block_size, or set attention to one of: {', '.join(sorted(BLOCKED))}"
        return [places.problem((*path, "block_size"), f"a stage {words} has no blocks", hint, beside=beside)]
    if isinstance(size, int) and resolution % size:
        fitting = [p for p in range(1, resolution + 1) if resolution % p == 0]
        message = f"blocks of {size} do not divide the stage's resolution {resolution}"
        hint = f"possible: {', '.join(map(str, fitting))}; auto takes {balanced_block_size(resolution)}"
        return [places.problem((*path, "block_size"), message, hint, beside=beside)]
    return []


def _width_problems(spec: HitGeneratorSpec, index: int, path: Path, places: Places) -> list[Problem]:
    """Every stage but the last gives a quarter of its channels to each of four pixels."""
    channels = spec.stages[index].channels
    if index < len(spec.stages) - 1 and channels % 4:
        message = f"{channels} channels cannot be dealt to 2×2 pixels of the next stage"
        hint = f"a multiple of 4, for example {max(4, round(channels / 4) * 4)}"
        return [places.problem((*path, "channels"), message, hint)]
    return []
