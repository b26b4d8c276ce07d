"""Packages that bring families, as an installer leaves them: a module and a `.dist-info` folder on the path."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from hitzoo.errors import SpecError
from hitzoo.families.load import parse_spec
from hitzoo.families.outside import load_claimed

SPEC = """\
hitzoo: 1
name: mine
generator: {family: toy, width: 8}
"""

BUILT_IN = "hitzoo: 1\nname: mine\ngenerator: {family: hit, stages: [{channels: 32, depth: 1}]}\n"

ENTRY = {"generator.toy": "TOY"}

TOY = """\
from dataclasses import dataclass
from typing import Literal

from hitzoo.families.family import Family


@dataclass(frozen=True, kw_only=True)
class ToySpec:
    family: Literal["toy"] = "toy"
    width: int
    kind_of_block: Literal["plain", "gated"] = "plain"


SCHEMA = {
    "toy": {
        "description": "A toy.",
        "type": "object",
        "additionalProperties": False,
        "required": ["width"],
        "properties": {
            "family": {"const": "toy"},
            "width": {"$ref": "#/$defs/hit_stage"},
            "kind_of_block": {"enum": ["plain", "gated"], "default": "plain", "description": "Kind of block."},
        },
    },
    "hit_stage": {"type": "integer", "minimum": 1, "description": "Width of everything."},
}


def plan(spec, frame, places):
    raise AssertionError("not asked for here")


def build(plan):
    raise AssertionError("not asked for here")


TOY = Family(name="toy", role="generator", spec=ToySpec, schema=lambda: SCHEMA, plan=plan, build=build)
"""

BLOCKS = """\
from dataclasses import dataclass
from typing import Literal

from hitzoo.families.family import Family


@dataclass(frozen=True, kw_only=True)
class ConvSpec:
    kind: Literal["conv"] = "conv"
    width: int


@dataclass(frozen=True, kw_only=True)
class AttentionSpec:
    kind: Literal["attention"] = "attention"
    heads: int = 2


@dataclass(frozen=True, kw_only=True)
class BlocksSpec:
    family: Literal["blocks"] = "blocks"
    blocks: tuple[ConvSpec | AttentionSpec, ...]


def mapping(properties, *required):
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": properties}


def choice(kind):
    condition = {"properties": {"kind": {"const": kind}}, "required": ["kind"]}
    return {"if": condition, "then": {"$ref": f"#/$defs/{kind}"}}


SCHEMA = {
    "blocks": mapping(
        {"family": {"const": "blocks"}, "blocks": {"type": "array", "items": {"$ref": "#/$defs/block"}}}, "blocks"
    ),
    "block": {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": ["conv", "attention"]}},
        "allOf": [choice("conv"), choice("attention")],
    },
    "conv": mapping({"kind": {"const": "conv"}, "width": {"type": "integer", "minimum": 1}}, "width"),
    "attention": mapping({"kind": {"const": "attention"}, "heads": {"type": "integer", "minimum": 1}}),
}

BLOCKS = Family(name="blocks", role="generator", spec=BlocksSpec, schema=lambda: SCHEMA, plan=None, build=None)
"""


class Site:
    """A folder on the path into which packages are put; what was imported from it is forgotten afterwards."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        folder.mkdir()
        monkeypatch.syspath_prepend(folder)

    def install(
        self, package: str, source: str | None, entries: Mapping[str, str], *, version: str = "1.2", module: str = ""
    ) -> str:
        """Put a package there; the name of its module."""
        module = module or package.replace("-", "_")
        if source is not None:
            (self.folder / f"{module}.py").write_text(source, encoding="utf-8")
        about = self.folder / f"{module}-{version}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        lines = [f"{name} = {module}:{target}" for name, target in entries.items()]
        (about / "entry_points.txt").write_text("[hitzoo.families]\n" + "\n".join(lines) + "\n", encoding="utf-8")
        return module

    def imported(self) -> list[str]:
        """The modules of the folder that were imported so far."""
        return sorted(path.stem for path in self.folder.glob("*.py") if path.stem in sys.modules)

    def forget(self) -> None:
        load_claimed.cache_clear()
        for name in self.imported():
            del sys.modules[name]


def with_schema(change: str) -> str:
    """The toy's source with its schema changed by a statement."""
    return TOY.replace("\n\ndef plan", f"\n{change}\n\n\ndef plan", 1)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty one."""
    place = Site(tmp_path / "site", monkeypatch)
    yield place
    place.forget()


def said(text: str, *overrides: str) -> str:
    with pytest.raises(SpecError) as caught:
        parse_spec(text, "mine.yaml", overrides)
    return str(caught.value)
