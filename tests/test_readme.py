"""Every command and every line of Python that the README shows is run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from unittest.mock import MagicMock

import pytest
import yaml
from PIL import Image

from hitzoo.cli.app import main

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


COMMANDS = [shlex.split(line, comments=True) for block in blocks("sh") for line in block.splitlines()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for index in range(6):
        Image.new("RGB", (80, 64), (60 * index, 90, 200)).save(tmp_path / "photos" / f"{index}.jpg")
    return tmp_path


def shortened(words: list[str]) -> list[str]:
    """What keeps a command short: a resumed run makes one step more than the one before."""
    if "--resume" in words:
        return ["--steps", "2"]
    shorter = {
        "train": ["--steps", "1", "--batch-size", "4", "--set", "evaluation.samples=4"],
        "eval": ["--samples", "8"],
        "nearest": ["--samples", "8"],
        "invert": ["--steps", "2", "--candidates", "4", "--starts", "2"],
    }
    return shorter.get(words[1], [])


def test_commands(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other in one folder, as a newcomer would; the page of `explore` is left at once."""
    assert COMMANDS
    page = MagicMock()
    monkeypatch.setattr("hitzoo.explore.server.PageServer", page)
    for words in COMMANDS:
        monkeypatch.setattr("sys.argv", [*words, *shortened(words)])
        with pytest.raises(SystemExit) as leaving:
            main()
        assert not leaving.value.code, words
    assert (folder / "samples" / "hit-ti-critters64" / "grid.png").exists()
    assert (folder / "samples" / "photos-step-00000002" / "grid.png").exists()
    assert (folder / "look" / "model.safetensors").exists()
    page.return_value.__enter__.return_value.serve_forever.assert_called_once_with()


def test_python(folder: Path) -> None:
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), {})
    with Image.open(folder / "shape.png") as picture:
        assert picture.size == (32, 32)


def test_the_spec_shown_is_the_shipped_one() -> None:
    """The excerpt leaves out what is a default or free text; every value it shows is the shipped spec's."""
    shown = yaml.safe_load(blocks("yaml")[0])
    shipped = yaml.safe_load(
        (Path(__file__).parents[1] / "specs" / f"{shown['name']}.yaml").read_text(encoding="utf-8")
    )

    def included(part: object, whole: object) -> bool:
        if isinstance(part, dict) and isinstance(whole, dict):
            return all(included(value, whole.get(key)) for key, value in part.items())
        return part == whole

    assert included(shown, shipped)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)|src=\"([^\"]+)\"", README):
        assert (Path(__file__).parents[1] / "".join(target)).exists(), target
