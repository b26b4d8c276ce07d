"""Releases of installed packages, hitzoo's own among them, for records of what made something."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

NOT_INSTALLED = "not-installed"
"""In the place of a release, where hitzoo runs from its files alone."""


def release_of(package: str = "hitzoo") -> str:
    """Return the release of a package that is at hand; `not-installed` where it was never installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return NOT_INSTALLED
