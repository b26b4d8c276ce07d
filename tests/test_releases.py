"""hitzoo from its files, as in a checkout that was never installed."""

from __future__ import annotations

import ast
from importlib import metadata
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest

import hitzoo
from hitzoo import releases
from hitzoo.hub import installation
from hitzoo.releases import release_of

HERE = Path(hitzoo.__file__).parent
MAY_ASK = {"releases.py", "doctor/versions.py", "fold/triton/disabled.py", "hub/installation.py", "families/outside.py"}


def never_installed(*_: str) -> None:
    raise PackageNotFoundError("hitzoo")


def test_release_of_an_installed_package_is_its_own() -> None:
    assert release_of("numpy") == np.__version__
    assert release_of() == metadata.version("hitzoo") == hitzoo.__version__


def test_checkout_that_was_never_installed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "version", never_installed)
    monkeypatch.setattr(installation, "metadata", never_installed)
    assert hitzoo.__version__ == "not-installed"
    assert installation.how_to_install().startswith("pip install .")


def test_releases_are_asked_for_in_one_place() -> None:
    """Elsewhere a checkout would end in a traceback; those named catch it."""
    asking = {
        path.relative_to(HERE).as_posix()
        for path in HERE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "importlib.metadata"
    }
    assert asking == MAY_ASK
