"""Every line of Python that the docs show is run, one block after the other, in a folder with some photos."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.main import get_command

import hitzoo
from hitzoo.cli.app import app
from hitzoo.export.write import export
from tests.export.exported import TOKENS, made

DOCS = Path(__file__).parents[1] / "docs"
VERBS = get_command(app)
PAGES = (DOCS.parent / "README.md", *DOCS.glob("*.md"))


def blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def shown_commands(page: Path) -> list[str]:
    """What begins with `hitzoo` in code, a line or a span each; a comment or a placeholder ends it."""
    text = page.read_text(encoding="utf-8")
    lines = re.findall(r"^(?:    )?(?:torchrun .*-m |docker run .*)?(hitzoo .*)$", text, re.MULTILINE)
    lines += [f"hitzoo {words}" for words in re.findall(r"^    sbatch \S+ (.*)$", text, re.MULTILINE)]
    spans = re.findall(r"`(hitzoo [^`\n]*)`", text)
    return [re.split(r" #|[…|]|  ", command)[0] for command in (*lines, *spans)]


def unknown_options(command: str) -> list[str]:
    """The words of a command that the parser would refuse: a verb, or options of its verb, that there are not."""
    known: Any = VERBS
    words = command.split()[1:]
    while words and hasattr(known, "commands"):
        verb = words.pop(0)
        if verb.startswith("-"):
            break
        if verb not in known.commands:
            return [verb]
        known = known.commands[verb]
    options = {option for param in known.params for option in (*param.opts, *param.secondary_opts)} | {"--help", "-h"}
    return [word for word in words if word.startswith("-") and word not in options]


def run(code: str, page: str, names: dict[str, Any]) -> dict[str, Any]:
    exec(compile(code, page, "exec"), names)
    return names


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for index in range(6):
        Image.new("RGB", (80, 64), (60 * index, 90, 200)).save(tmp_path / "photos" / f"{index}.jpg")
    return tmp_path


def test_python_page(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    for block in blocks("python.md"):
        run(block, "python.md", names)
    assert names["samples"].raw.shape == names["samples"].pixels.shape == (16, 32, 32, 3)
    assert names["samples"].latents.shape == (16, 64)
    assert names["array"].shape == (2, 32, 32, 3)
    assert names["tensor"].shape == (2, 3, 32, 32)
    assert names["images"].shape == (8, 3, 32, 32)
    with Image.open(folder / "walk.gif") as film:
        assert film.n_frames == 24
    assert (
        _error(names["found"].raw, names["model"], seed=7) < 0.02 < _error(names["found"].raw, names["model"], seed=0)
    )
    assert sum(weight.numel() for weight in names["generator"].parameters()) == 46_217_670
    assert names["end"].step == 2
    assert np.abs(hitzoo.load(folder / "copied").sample([0]).raw - names["model"].sample([0]).raw).max() < 0.02
    assert "did you mean 'hit-ti-shapes32'?" in capsys.readouterr().out


def _error(images: np.ndarray, model: Any, *, seed: int) -> float:
    return float(np.square(images - model.sample(seeds=[seed]).raw).mean())


@pytest.mark.parametrize("example", sorted((DOCS / "examples").glob("*.py")), ids=lambda path: path.stem)
def test_example_runs_as_it_is(example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = run(example.read_text(encoding="utf-8"), example.name, {"__name__": "__main__"})
    if example.stem == "sample":
        assert {path.name for path in tmp_path.iterdir()} == {"ring.png", "grid.png"}
    elif example.stem == "train":
        assert names["end"].step == 16
        assert names["model"].metadata["step"] == 16
        assert (tmp_path / "discs" / "model.safetensors").is_file()
    elif example.stem == "invert":
        assert names["errors"].min().item() < 0.02 < names["target"].var().item()


def test_sampling_page(folder: Path) -> None:
    """Its pictures are those of `hitzoo sample`, from files that know nothing of hitzoo."""
    model = made(TOKENS.replace("latent_dim: 6", "latent_dim: 64"))
    for name in ("g.onnx", "g.pt2"):
        export(model, Path(name))
    names: dict[str, Any] = {}
    for block in blocks("sampling.md"):
        run(block, "sampling.md", names)
    with Image.open(folder / "seed0000.png") as picture:
        off_by = np.abs(np.asarray(picture).astype(int) - model.sample(seeds=[0]).pixels[0])
    assert off_by.max() <= 1
    assert _error(names["images"].permute(0, 2, 3, 1).numpy(), model, seed=0) < 1e-8


def test_commands_have_the_options_that_are_shown() -> None:
    commands = [(page, command) for page in PAGES for command in shown_commands(page)]
    assert len(commands) > 100
    for page, command in commands:
        assert not unknown_options(command), f"{page.name}: {command}"


def test_unknown_options_are_noticed() -> None:
    assert unknown_options("hitzoo train --resume runs/x --stepz 3") == ["--stepz"]
    assert unknown_options("hitzoo data pack a b --resolution 3") == []
    assert unknown_options("hitzoo trayn x") == ["trayn"]


def test_trouble_quotes_what_is_said() -> None:
    sources = " ".join(path.read_text(encoding="utf-8") for path in (DOCS.parent / "hitzoo").rglob("*.py"))
    said = re.sub(r'"\s+f?"', "", sources)  # a message goes over several lines
    said = re.sub(r"\{[^{}]*\}", "generator", said)
    phrases = re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", (DOCS / "trouble.md").read_text(encoding="utf-8"))
    assert len(phrases) > 4
    assert [phrase for phrase in phrases if phrase not in said] == []


def test_links_lead_somewhere() -> None:
    for page in DOCS.rglob("*.md"):
        for target, anchor in re.findall(r"\]\((?!http)([^)#\s]*)#?([^)\s]*)\)", page.read_text(encoding="utf-8")):
            aim = (page.parent / target) if target else page
            assert aim.exists(), f"{page.name}: {target}"
            if anchor:
                headings = re.findall(r"^#+ (.*)$", aim.read_text(encoding="utf-8"), re.MULTILINE)
                assert anchor in {re.sub(r"[^\w\- ]", "", text).lower().replace(" ", "-") for text in headings}, anchor
