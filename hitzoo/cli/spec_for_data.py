"""Spec for `hitzoo train --data photos` without a spec: the one that `hitzoo new --data` would write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from hitzoo.errors import RequestError

if TYPE_CHECKING:
    from hitzoo.spec.types import Spec

_NO_SPEC = (
    "give a spec: hitzoo train SPEC --data PATH --out DIR (`hitzoo list` shows the shipped ones); or only --data PATH,"
    " and one is made that fits the pictures there"
)


def spec_for_data(
    data: str | None, out: Path, *, device: str, processes: int, overrides: Sequence[str] = ()
) -> tuple[Spec, str]:
    """Make the spec for these images on this machine, named after the run's folder, and a line on the choice.

    Raises:
        RequestError: no images are named; or there are several `processes`, which could choose differently.
        DataError: the images cannot be read.
        SpecError: `overrides` make it invalid.
    """
    if data is None:
        raise RequestError(_NO_SPEC)
    if processes > 1:
        raise RequestError(
            f"several processes need one spec: write it with hitzoo new mine.yaml --data {quote(data)}, and train that"
        )
    from hitzoo.cli.pictures_spec import text_for
    from hitzoo.families.load import parse_spec
    from hitzoo.training.run.name import as_name

    text = text_for(data, as_name(out.absolute().name) or "run", None, device)
    spec = parse_spec(text, f"the spec for {data}", overrides)
    training = spec.training
    return spec, (
        f"no spec given: for these images and this machine {spec.data.resolution}×{spec.data.resolution}, batch"
        f" {training.batch_size}, {training.steps:,} steps; `hitzoo new mine.yaml --data {quote(data)}` writes it down,"
        " with reasons, to be edited"
    )
