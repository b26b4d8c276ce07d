"""`--help`: complete, grouped, at any width, with examples that can be copied; and what the shell completes."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from hitzoo.cli import completion
from hitzoo.cli.app import app
from hitzoo.cli.examples import EXAMPLES
from hitzoo.cli.option_groups import value_name
from hitzoo.spec.shipped import shipped_specs
from tests.conftest import Run

WITHOUT_EXAMPLES = {("help",), ("data",), ("bench",)}


def verbs(group: Any = None, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, verb in (group or get_command(app)).commands.items():
        yield (*words, name), verb
        if hasattr(verb, "commands"):
            yield from verbs(verb, (*words, name))


VERBS = dict(verbs())


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_every_option_says_what_it_takes(words: tuple[str, ...]) -> None:
    for param in VERBS[words].params:
        if param.name == "help" or getattr(param, "is_flag", False):
            continue
        assert re.fullmatch(r"[^<>\s]+( …\])?", value_name(param)), param.name
        assert param.metavar, f"{' '.join(words)} {param.name} does not say what it takes"
        assert value_name(param).lower() not in ("int", "str", "bool", "path range", "integer"), param.name
        assert param.help, f"{' '.join(words)} {param.name} has no help"


@pytest.mark.parametrize("width", [60, 80, 100])
def test_help_fits_the_terminal_and_names_no_python_types(
    width: int, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for words in [(), *VERBS]:
        text = run(*words, "--help").stdout
        assert text.startswith(f"Usage: {' '.join(('hitzoo', *words))}")
        assert not re.search(r"<\w+|INTEGER|range|\x1b|\x08", text)
        kept = [line for line in text.splitlines() if line.startswith("  hitzoo ")]
        assert not [line for line in text.splitlines() if len(line) > width and line not in kept]


def test_every_verb_has_examples() -> None:
    assert {tuple(verb.split()) for verb in EXAMPLES} == set(VERBS) - WITHOUT_EXAMPLES


@pytest.mark.parametrize("verb", EXAMPLES)
def test_examples_can_be_copied(verb: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    words = verb.split()
    lines = run(*words, "-h").stdout.splitlines()
    start = lines.index("Examples") + 1
    examples = [line.strip() for line in lines[start : lines.index("", start)]]
    assert examples == list(EXAMPLES[verb])
    assert len([line for line in lines if line.strip().startswith("hitzoo ")]) == len(examples)  # in one place
    known = {option for param in VERBS[tuple(words)].params for option in (*param.opts, *param.secondary_opts)}
    for example in examples:
        said = shlex.split(example)
        assert said[: len(words) + 1] == ["hitzoo", *words]
        assert {word for word in said if word.startswith("--")} <= known, example


def test_verbs_and_options_stand_in_groups(run: Run) -> None:
    text = run("--help").stdout
    headings = [line for line in text.splitlines() if re.fullmatch(r"[A-Z][a-z]+", line)]
    assert headings == ["Look", "Train", "Make", "Share", "Measure", "Options"]
    for name in get_command(app).commands:  # type: ignore[attr-defined]
        assert re.search(rf"^  {name} ", text, re.MULTILINE)
    text = run("train", "--help").stdout
    headings = [line for line in text.splitlines() if re.fullmatch(r"[A-Z][a-z]+", line)]
    assert {"Arguments", "Run", "Data", "Speed", "Output"} <= set(headings)


def test_help_is_had_in_every_way(run: Run) -> None:
    text = run("train", "--help").stdout
    assert run("train", "-h").stdout == text
    assert run("help", "train").stdout.strip() == text.strip()
    assert run("help", "data", "pack").stdout.strip() == run("data", "pack", "-h").stdout.strip()
    assert run().stdout.strip() == run("help").stdout.strip() == run("--help").stdout.strip()
    assert run("data").stdout.strip() == run("data", "--help").stdout.strip()
    assert run("-V").stdout == run("--version").stdout
    assert "no verb 'trian'; did you mean 'train'?" in run("help", "trian", code=2).stderr


def test_misuse_is_said_in_two_lines(run: Run) -> None:
    said = run("build", code=2).stderr.splitlines()
    assert said == ["Missing argument 'SPEC'.", "hitzoo build --help shows its use"]
    assert "No such option: --nope" in run("build", "x", "--nope", code=2).stderr
    assert "No such command 'nope'." in run("nope", code=2).stderr


@pytest.mark.parametrize(("verb", "typo"), [("sample", "--fsat"), ("train", "--fsat"), ("train", "--no-fasst")])
def test_suggestions_leave_out_earlier_names(run: Run, verb: str, typo: str) -> None:
    said = run(verb, typo, code=2).stderr
    assert f"No such option: {typo}" in said
    assert "fast" not in said.replace(typo, "")


def test_names_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("first", "second"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "run.json").touch()
    (tmp_path / "runs" / "none").mkdir()
    (tmp_path / "mine.yaml").touch()
    assert completion.complete_spec_name("hit-b-") == list(shipped_specs("hit-b-*"))
    assert completion.complete_spec("mi") == ["mine.yaml"]
    assert "hit-ti-shapes32" in completion.complete_model("hit")
    assert completion.complete_model("run") == ["runs/first", "runs/second"]
    assert completion.complete_run("runs/s") == ["runs/second"]
    assert completion.complete_metrics("fid,k") == ["fid,kid"]
    assert "fid,fid" not in completion.complete_metrics("fid,")
    assert completion.complete_path("training.batch") == ["training.batch_size="]
    assert "generator.stages[0].heads=" in completion.complete_path("generator.")
    root = typer.Context(get_command(app), info_name="hitzoo")
    assert completion.complete_verb(typer.Context(root.command.commands["help"], parent=root), "tr") == ["train"]
    assert completion.complete_run("no/such/place") == []


@pytest.mark.parametrize(
    ("words", "name", "begun", "completed"),
    [
        (("train",), "spec", "runs/f", "runs/first"),
        (("train",), "spec", "hit-ti-shapes3", "hit-ti-shapes32"),
        (("train",), "init", "runs/f", "runs/first"),
        (("train",), "precision", "b", "bf16"),
        (("estimate",), "precision", "t", "tf32"),
        (("new",), "origin", "hit-ti-shapes3", "hit-ti-shapes32"),
        (("runs",), "folder", "runs/f", "runs/first"),
        (("eval",), "metrics", "fid,k", "fid,kid"),
        (("sample",), "precision", "b", "bfloat16"),
        (("pull",), "model", "hit-ti-shapes3", "hit-ti-shapes32"),
        (("bench", "sample"), "model", "hit-ti-shapes3", "hit-ti-shapes32"),
        *(((verb,), "name", "runs/f", "runs/first") for verb in ("sample", "render", "eval", "export")),
        *(((verb,), "model", "runs/f", "runs/first") for verb in ("sample", "render", "eval", "info", "publish")),
    ],
)
def test_options_complete_what_they_take(
    words: tuple[str, ...], name: str, begun: str, completed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "first").mkdir(parents=True)
    (tmp_path / "runs" / "first" / "run.json").touch()
    verb = VERBS[words]
    param = next(param for param in verb.params if param.name == name)
    context = verb.context_class(verb, info_name=words[-1])
    assert completed in [found.value for found in param.shell_complete(context, begun)]


@pytest.mark.processes
def test_the_shell_is_answered_without_torch(tmp_path: Path) -> None:
    words = {"_HITZOO_COMPLETE": "complete_bash", "COMP_WORDS": "hitzoo build hit-b-ffhq2", "COMP_CWORD": "2"}
    probe = (
        "import sys\nfrom hitzoo.cli.app import main\ntry:\n    main()\nfinally:\n    assert 'torch' not in sys.modules"
    )
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", probe],
        env={**os.environ, **words},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["hit-b-ffhq256", "hit-b-ffhq256-nobcr", "hit-b-ffhq256-r3gan"]
    assert time.monotonic() - start < 30
