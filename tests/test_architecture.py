"""What holds the whole package together."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping, Set
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import version
from pathlib import Path

import grimp
import pytest

import hitzoo

PACKAGE = Path(hitzoo.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 250


@pytest.mark.processes
def test_imports_go_one_way(tmp_path: Path) -> None:
    """The contracts of pyproject.toml; only a checkout has them."""
    if not (PACKAGE.parent / "pyproject.toml").is_file():
        pytest.skip("not a checkout")
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", code, "--cache-dir", str(tmp_path)]
    result = subprocess.run(command, cwd=PACKAGE.parent, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


def cycle_in(imports: Mapping[str, Set[str]]) -> list[str]:
    """The modules of one import cycle, in order; empty where there is none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other() -> None:
    """Imports inside functions and for type checkers count too."""
    graph = grimp.build_graph("hitzoo", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert imports["hitzoo.sampling.load"] == {"hitzoo.hub.bars", "hitzoo.sampling.generator"}  # it sees them
    assert cycle_in(imports) == []


def test_import_cycle_is_found() -> None:
    assert set(cycle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == {"a", "b", "c"}


def test_the_public_names() -> None:
    assert list(hitzoo.__all__) == sorted(hitzoo.__all__)
    assert set(hitzoo.__all__) == set(hitzoo._HOMES) == set(dir(hitzoo))
    for name in hitzoo.__all__:
        assert getattr(hitzoo, name).__name__ == name
        assert getattr(hitzoo, name).__doc__
    assert hitzoo.__version__ == version("hitzoo")
    with pytest.raises(AttributeError, match="module 'hitzoo' has no attribute 'nothing'"):
        _ = hitzoo.nothing


MODULES_WITHOUT_TORCH = [
    "hitzoo",
    "hitzoo.families.load",
    "hitzoo.spec.write",
    "hitzoo.families.compile",
    "hitzoo.families.generated",
    "hitzoo.plan.table",
    "hitzoo.zoo.cards",
    "hitzoo.zoo.listing",
    "hitzoo.zoo.repo_name",
    "hitzoo.hub.client",
    "hitzoo.data.open",
    "hitzoo.cli.app",
]


@pytest.mark.processes
def test_what_needs_no_torch_does_not_load_it() -> None:
    lines = [f"import {name}; assert 'torch' not in sys.modules, {name!r}" for name in MODULES_WITHOUT_TORCH]
    lines += ["import hitzoo", "plan = hitzoo.compile_spec(hitzoo.load_spec('hit-b-ffhq256'))"]
    lines += ["hitzoo.list_models('hit-*', pretrained=True)", "hitzoo.info('hit-b-ffhq256')", "hitzoo.SpecError"]
    lines += ["assert 'torch' not in sys.modules", "from hitzoo.families import build", "assert 'torch' in sys.modules"]
    command = [sys.executable, "-c", "import sys\n" + "\n".join(lines)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_every_file_is_one_concept() -> None:
    texts = {str(path.relative_to(PACKAGE)): path.read_text(encoding="utf-8") for path in FILES}
    names = {"utils", "util", "misc", "common", "helpers", "helper", "tools", "base"}
    assert [name for name in texts if Path(name).stem in names] == []
    assert [name for name, text in texts.items() if len(text.splitlines()) > LONGEST] == []
    assert [name for name, text in texts.items() if not text.startswith('"""')] == []
    assert "errors.py" in texts


ROOMS = (
    "cli",
    "doctor",
    "sampling",
    "hub",
    "zoo",
    "errors",
    "data",
    "evaluation",
    "inversion",
    "runtime",
    "bench",
    "explore",
    "export",
    "fold",
    "layers",
    "plan",
    "families",
)
QUESTIONS = ("What", "Whether", "How", "Where", "Which", "Who", "Whoever")


def docstrings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
            yield text


@pytest.mark.parametrize("room", ROOMS)
def test_docstrings_begin_with_a_noun_or_a_verb(room: str) -> None:
    paths = [*PACKAGE.glob(f"{room}/**/*.py"), *PACKAGE.glob(f"{room}.py")]
    assert paths
    begun = [text for path in paths for text in docstrings(path) if text.split(maxsplit=1)[0] in QUESTIONS]
    assert begun == []
