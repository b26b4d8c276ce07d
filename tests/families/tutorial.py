"""The package that docs/families.md shows, installed as an installer leaves it."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hitzoo.families.outside import load_claimed

PAGE = Path(__file__).parents[2] / "docs" / "families.md"
_FILE = re.compile(r"\*\*`([^`\n]+)`\*\*\n\n```\w+\n(.*?)```", re.DOTALL)
_PACKAGE = "toy_families"


def shown_files() -> dict[str, str]:
    """The files of the page by their paths."""
    return dict(_FILE.findall(PAGE.read_text(encoding="utf-8")))


def put(folder: Path) -> None:
    """Install the package in a folder of the path: its files, and the `.dist-info` that its pyproject.toml means."""
    files = shown_files()
    for path, text in files.items():
        if path.startswith(_PACKAGE):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    for inner in (_PACKAGE, f"{_PACKAGE}/generator", f"{_PACKAGE}/discriminator"):
        (folder / inner / "__init__.py").touch()
    project = tomllib.loads(files["pyproject.toml"])["project"]
    about = folder / f"{_PACKAGE}-{project['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    ((group, entries),) = project["entry-points"].items()
    lines = [f"[{group}]", *(f"{name} = {target}" for name, target in entries.items())]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


@contextmanager
def installed(folder: Path) -> Iterator[None]:
    """The package on this process's path, for a while; what was imported from it is forgotten afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        folder.mkdir()
        put(folder)
        patch.syspath_prepend(folder)
        try:
            yield
        finally:
            load_claimed.cache_clear()
            for name in [name for name in sys.modules if name.split(".")[0] == _PACKAGE]:
                del sys.modules[name]
