"""The name of a run's model: its author's, else that of the run's folder."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from pathlib import Path

from hitzoo.errors import RequestError
from hitzoo.spec.types import Spec

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,95}")
_LONGEST = 96


def named(spec: Spec, wanted: str | None, folder: Path, known: str | None = None) -> Spec:
    """The spec under its model's name: `wanted`, or `--set name=…`, or a resumed run's `known` one, or the folder's.

    Raises:
        RequestError: `wanted` is no name a model can have, or `--set` says another.
    """
    by_set = spec.name if ("name",) in spec.places.overridden else None
    if wanted is not None and by_set not in (None, wanted):
        raise RequestError(f"name {wanted!r} and the override name={by_set}: give one of them").or_as_option(
            f"--name {wanted} and --set name={by_set}: give one of them"
        )
    if wanted is not None:
        _refuse_impossible(wanted)
    return replace(spec, name=wanted or by_set or known or as_name(folder.absolute().name) or spec.name)


def as_name(text: str) -> str:
    """`My Photos 2` as the name of a model, `my-photos-2`; empty where nothing of it can be one."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9._-]+", "-", plain).lstrip("._-").rstrip("-")[:_LONGEST]


def _refuse_impossible(name: str) -> None:
    if not _NAME.fullmatch(name):
        near = as_name(name)
        rule = (
            f"{name!r}: a model's name has lower-case letters, digits, '.', '_' and '-', begins with a letter or"
            f" digit and is at most {_LONGEST} long"
        )
        raise RequestError(f"name {rule}" + (f"; as in {near!r}" if near else "")).or_as_option(
            f"--name {rule}" + (f"; as in --name {near}" if near else "")
        )
