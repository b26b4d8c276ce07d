"""Names of option values and groups of options in `--help`, for all verbs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ARGUMENTS, RUN, OPTIONS, DATA, CARD = "Arguments", "Run", "Options", "Data", "Card"
SPEED, OUTPUT, OTHER = "Speed", "Output", "Other"
ORDER = (ARGUMENTS, RUN, OPTIONS, DATA, CARD, SPEED, OUTPUT, OTHER)  # a verb's own options come first

HIDDEN = frozenset({"--fast", "--no-fast"})  # earlier names of options, which keep working

_FEW = 8  # options; fewer need no groups
_GROUPS: Mapping[str, tuple[str, ...]] = {
    RUN: (
        "--out", "--resume", "--name", "--init", "--seed", "--set", "--steps", "--for", "--batch-size",
        "--learning-rate", "--checkpoint-every", "--keep", "--force",
    ),
    DATA: ("--data", "--new-data", "--replace-data", "--images", "--real-samples"),
    SPEED: (
        "--device", "--precision", "--compile", "--deterministic", "--optimized", "--threads", "--workers",
        "--batch-per-device", "--tile",
    ),
    OUTPUT: (
        "--json", "--log-every", "--sample-every", "--grid", "--npy", "--format", "--scale", "--labels", "--padding",
        "--quality", "--inception-weights", "--log-to",
    ),
    OTHER: ("--help",),
}  # fmt: skip
_OF_PICTURES = {  # verbs that write images: their destination is an output option
    "--out": OUTPUT, "--force": OUTPUT, "--batch-size": SPEED, "--seed": OPTIONS, "--init": OPTIONS, "--set": OPTIONS,
    "--inception-weights": OPTIONS, "--name": OPTIONS,
}  # fmt: skip
_CARD = (
    "--license", "--license-name", "--license-link", "--data", "--data-license", "--dataset", "--base-model", "--title",
    "--summary", "--evaluation",
)  # fmt: skip
_PLACES = {option: group for group, options in _GROUPS.items() for option in options}


def group_of(param: Any, verb: str, count: int) -> str:
    """Heading under which an option is listed, for a verb with `count` options."""
    if param.param_type_name == "argument":
        return ARGUMENTS
    if count < _FEW:
        return OPTIONS
    places = _PLACES if verb in ("train", "estimate") else _PLACES | _OF_PICTURES
    if verb == "publish":
        places = places | dict.fromkeys(_CARD, CARD)
    return next((places[name] for name in param.opts if name in places), OPTIONS)


def value_name(param: Any) -> str:
    """Name of an option's value: its metavar, else `N` for a number, `PATH` for a path."""
    if param.metavar:
        return str(param.metavar)
    kind = _kind(param)
    return {"int": "N", "integer": "N", "float": "X", "path": "PATH"}.get(
        kind, str(param.name).upper().replace("_", "-")
    )


def _kind(param: Any) -> str:
    """Type of the value, whose place depends on the version of the parser."""
    descriptor = getattr(param, "type_descriptor", None)
    if descriptor is not None:
        annotation = getattr(descriptor, "annotation", None)
        name = str(getattr(annotation, "__name__", annotation))
        return "path" if "Path" in name else name
    name = str(getattr(param.type, "name", ""))
    return {"integer range": "int", "float range": "float"}.get(name, name)
