"""Which warnings turn the suite red."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest

WARNING = """
import warnings
def warn(stacklevel=1):
    warnings.warn("old", DeprecationWarning, stacklevel=stacklevel)
def call(function):
    return function()
"""


def module(name: str) -> dict[str, Any]:
    """A module of that name, which warns."""
    names: dict[str, Any] = {"__name__": name}
    exec(compile(WARNING, f"{name}.py", "exec"), names)
    return names


@pytest.mark.parametrize("name", ["hitzoo", "hitzoo.training.run.loop", "tests.support"])
def test_warning_of_own_module_is_an_error(name: str) -> None:
    own, dependency = module(name), module("torch.export")
    with pytest.raises(DeprecationWarning):
        own["warn"]()
    with pytest.raises(DeprecationWarning):
        dependency["call"](own["warn"])


@pytest.mark.parametrize("stacklevel", [1, 2])
def test_warning_of_a_dependency_called_by_us_is_an_error(stacklevel: int) -> None:
    dependency, own = module("torch.export"), module("hitzoo.export.program")
    with pytest.raises(DeprecationWarning):
        dependency["warn"](stacklevel)
    with pytest.raises(DeprecationWarning):
        own["call"](dependency["warn"])


@pytest.mark.parametrize("name", ["torch.export", "hitzoology", "testsuite.hitzoo"])
def test_warning_inside_a_dependency_is_shown(name: str, recwarn: pytest.WarningsRecorder) -> None:
    dependency: dict[str, Callable[..., None]] = module(name)
    warnings.simplefilter("default")
    dependency["call"](dependency["warn"])
    assert [str(seen.message) for seen in recwarn] == ["old"]


def test_warning_inside_a_dependency_fails_no_test() -> None:
    dependency = module("torch.export")
    dependency["call"](dependency["warn"])
