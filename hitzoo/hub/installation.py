"""The command of a model card that installs hitzoo."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, metadata


def how_to_install() -> str:
    """The command that installs hitzoo: from where its project says that it lies; it is in no package index."""
    try:
        declared = metadata("hitzoo").get_all("Project-URL") or []
    except PackageNotFoundError:  # it runs from its files
        declared = []
    links = {label.strip().lower(): link.strip() for label, _, link in (line.partition(",") for line in declared)}
    repository = links.get("repository") or links.get("source")
    return f"pip install git+{repository}" if repository else "pip install .    # in a checkout of hitzoo"
