"""Inversions of several pictures, and the files that they are kept in: latents, a picture of pairs, the way there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hitzoo.data.decode import decode
from hitzoo.data.transform import prepare
from hitzoo.errors import DataError, RequestError
from hitzoo.inversion.descent import Schedule
from hitzoo.inversion.distance import feature_maps
from hitzoo.inversion.invert import Inverted, invert
from hitzoo.inversion.progress_pictures import ProgressPictures, check_progress
from hitzoo.sampling.facts import difference, picture_facts
from hitzoo.sampling.generator import Generator
from hitzoo.sampling.given_styles import Space
from hitzoo.sampling.grid import Layout
from hitzoo.sampling.latent_file import Latents, read_about, save_latents
from hitzoo.sampling.picture_file import read_facts, save_picture
from hitzoo.sampling.pictures import to_uint8
from hitzoo.targets import check_writable, existing, is_taken


@dataclass(frozen=True, kw_only=True)
class InversionRequest:
    """Pictures to invert into `out`, an .npz, with a picture of pairs in `picture` and the way there in `progress`.

    The other fields are those of `invert`. What is there already stays unless it would be made again just so, or
    `force`.
    """

    photos: Sequence[Path]
    out: Path
    picture: Path
    progress: Path | None = None
    space: Space = "z"
    features: str = "random_conv"
    schedule: Schedule = Schedule()  # noqa: RUF009 - frozen
    seed: int = 0
    classes: Sequence[int] | None = None
    scale: int = 1
    force: bool = False


def invert_pictures(
    generator: Generator,
    request: InversionRequest,
    progress: Callable[[int], None] = lambda count: None,
    note: Callable[[str], None] = lambda message: None,
) -> list[Inverted]:
    """Invert each picture and write the files; what was found, in the order of the pictures.

    Args:
        progress: called with the number of steps done since the last call.
        note: called with a message before a download.

    Raises:
        DataError: a picture cannot be read.
        RequestError: names or features that are not possible.
        OutputError: something else is there already, or it cannot be written.
    """
    targets = [read_target(photo, generator) for photo in request.photos]
    said = _said(generator, request)
    facts = picture_facts(generator, 1.0) | {"hitzoo:inversion": _digest(said)}
    _check(request, said, facts, generator)
    maps = feature_maps(request.features, generator.device, note)
    found: list[Inverted] = []
    ways: list[ProgressPictures] = []
    for target in targets:
        way = ProgressPictures(request.progress, target, request.schedule.steps, progress)
        one = invert(
            generator,
            torch.from_numpy(target).float().permute(2, 0, 1)[None] / 127.5 - 1,
            maps=maps,
            space=request.space,
            schedule=request.schedule,
            seed=request.seed,
            classes=request.classes,
            watch=way.watch,
        )
        way.end(to_uint8(one.image))
        found.append(one)
        ways.append(way)
    _write(generator, request, targets, found, said, facts)
    ProgressPictures.write(ways, facts, request.scale, force=request.force)
    return found


def read_target(path: Path, generator: Generator) -> NDArray[np.uint8]:
    """Read a picture as the generator's own are: its middle square, resized, bytes (R, R, C).

    Raises:
        DataError: there is no such file, or it is not a picture.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder; give its pictures, for example {path / '*.png'}")
    if not path.is_file():
        raise DataError(f"{path}: no such picture")
    plan = generator.plan
    return prepare(
        decode(path, str(path)),
        resolution=plan.resolution,
        channels=plan.image_channels,
        crop="center",
        crop_fraction=1.0,
        flip=False,
        random=None,
    )


def numbers_of(request: InversionRequest, found: Sequence[Inverted]) -> list[dict[str, Any]]:
    """The numbers of each inversion, for programs."""
    return [
        {"picture": str(photo), "psnr": one.psnr, "distance": one.distance, "radius": one.radius}
        for photo, one in zip(request.photos, found, strict=True)
    ]


def _write(
    generator: Generator,
    request: InversionRequest,
    targets: Sequence[NDArray[np.uint8]],
    found: Sequence[Inverted],
    said: dict[str, Any],
    facts: dict[str, str],
) -> None:
    rows = np.concatenate([one.inputs.rows for one in found])
    styles = [one.inputs.styles for one in found if one.inputs.styles is not None]
    inputs = Latents(rows, np.concatenate(styles) if styles else None)
    more = {"request": said, "found": numbers_of(request, found)}
    save_latents(request.out, inputs, generator, more, force=request.force)
    pairs = [pixels for target, one in zip(targets, found, strict=True) for pixels in (target, to_uint8(one.image))]
    page = _layout(request).draw(np.stack(pairs))
    save_picture(request.picture, page, facts)


def _layout(request: InversionRequest) -> Layout:
    """Lay each picture out beside what was found for it."""
    return Layout(rows=len(request.photos), columns=2, scale=request.scale)


def _said(generator: Generator, request: InversionRequest) -> dict[str, Any]:
    """Everything that the result depends on."""
    return {
        "weights": generator.weights,
        "network": "optimized" if generator.is_fast else "plain",
        "pictures": [hashlib.sha256(photo.read_bytes()).hexdigest() for photo in request.photos],
        "space": request.space,
        "features": request.features,
        "schedule": asdict(request.schedule),
        "seed": request.seed,
        "classes": None if request.classes is None else list(request.classes),
    }


def _digest(said: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _check(request: InversionRequest, said: dict[str, Any], facts: dict[str, str], generator: Generator) -> None:
    """Refuse before any work what cannot be written."""
    if request.out.suffix.lower() != ".npz":
        raise RequestError(f"--out {request.out}: a file of latents ends in .npz")
    if request.picture.suffix.lower() != ".png":
        raise RequestError(f"--picture {request.picture}: its name ends in .png")
    names = [path.resolve() for path in (request.out, request.picture, request.progress) if path is not None]
    if len(set(names)) < len(names) or set(names) & {photo.resolve() for photo in request.photos}:
        raise RequestError("--out, --picture, --progress and the pictures to invert: give each a name of its own")
    if request.progress is not None:
        check_progress(request.progress, generator, len(request.photos), request.scale)
    _layout(request).check(generator.plan.resolution)
    if is_taken(request.out) and not request.force:
        if read_about(request.out).get("request") != said:
            raise existing(request.out, "and is not of this inversion")
    else:
        check_writable(request.out)
    for path in filter(None, (request.picture, request.progress)):
        if not is_taken(path) or request.force:
            check_writable(path)
            continue
        found = read_facts(path)
        if (found or path.suffix.lower() != ".mp4") and (other := difference(found, facts)):
            raise existing(path, other)
