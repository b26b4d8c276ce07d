"""The spec that a folder holds: of a run, of a published model, or of a model folder, whose config has it inside."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from hitzoo.errors import Problem, SpecError
from hitzoo.spec.write import as_yaml

RUN_SPEC_NAME = "spec.yaml"  # in the folder of a run
SPEC_NAME = "hitzoo.yaml"  # in a published model: the spec as its author wrote it
CONFIG_NAME = "config.json"  # in every model folder
_NAMES = (RUN_SPEC_NAME, SPEC_NAME, CONFIG_NAME)


def spec_in(folder: Path) -> Path | None:
    """The file in a folder that has its spec; None where it is neither a run nor a model."""
    return next((folder / name for name in _NAMES if (folder / name).is_file()), None)


def is_config(path: Path) -> bool:
    """True for a model's config, which holds its spec."""
    return path.name == CONFIG_NAME


def text_of_config(path: Path, text: str) -> str:
    """The text of the spec in a config, as YAML.

    Raises:
        SpecError: there is none in it.
    """
    try:
        return as_yaml(json.loads(text)["spec"])
    except (ValueError, KeyError, TypeError, RecursionError, yaml.YAMLError):
        raise SpecError(
            str(path), [Problem(0, 0, "", "it is not the config of a hitzoo model: it holds no spec")]
        ) from None
