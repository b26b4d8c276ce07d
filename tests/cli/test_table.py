"""Tables at any width, and prose that breaks between words."""

from __future__ import annotations

import io
import json
import re
import sys

import pytest

from hitzoo.cli import console
from hitzoo.cli.table import lay_out
from hitzoo.cli.wrapping import wrapped
from hitzoo.spec.shipped import shipped_specs
from hitzoo.zoo.cards import cards
from hitzoo.zoo.listing import list_models
from tests.conftest import Run

HEADS = ("name", "size", "params", "what it is")
ROWS = [[("a-long-name",), ("32²",), ("46,217,670", "46.2 M"), ("words that say more than fits",)]]


def table(width: int | None, *, wraps: bool = False, last_to_go: tuple[int, ...] = (2,)) -> list[str]:
    return lay_out(HEADS, [ROWS], words=(0, 3), width=width, wraps=wraps, last_to_go=last_to_go)


def test_table_without_a_width_is_whole() -> None:
    assert table(None) == [
        " name         size      params  what it is",
        " -----------  ----  ----------  ----------",
        " a-long-name   32²  46,217,670  words that say more than fits",
    ]


@pytest.mark.parametrize(
    ("width", "row"),
    [
        (61, " a-long-name   32²  46,217,670  words that say more than fits"),
        (60, " a-long-name   32²  46.2 M  words that say more than fits"),
        (40, " a-long-name   32²  46.2 M"),
        (24, " a-long-name  46.2 M"),
        (12, " a-long-name"),
        (5, " a-long-name"),
    ],
)
def test_table_takes_shorter_forms_then_leaves_columns_out(width: int, row: str) -> None:
    assert table(width)[-1] == row
    assert all(len(line) <= max(width, len(" a-long-name")) for line in table(width))


def test_table_on_a_terminal_wraps_words_at_the_end() -> None:
    assert table(51, wraps=True)[2:] == [
        " a-long-name   32²  46,217,670  words that say more",
        "                                than fits",
    ]


def test_table_leaves_out_what_no_row_has() -> None:
    lines = lay_out(("a", "b", "c"), [[[("x",), ("",), ("1",)]]], words=(0,))
    assert lines == [" a  c", " -  -", " x  1"]


def test_prose_breaks_between_words_and_paths_stay_whole() -> None:
    text = "into runs/a-folder/with/a/long/name and `hitzoo sample --model x` too"
    assert wrapped(text, 26) == ["into", "runs/a-folder/with/a/long/name", "and", "`hitzoo sample --model x`", "too"]
    assert wrapped(text, 40) == ["into runs/a-folder/with/a/long/name and", "`hitzoo sample --model x` too"]
    assert wrapped(text, None) == [text]
    assert wrapped("  label  words and words", 16, 9) == ["  label  words", "        and", "        words"]


@pytest.mark.parametrize("width", [60, 80])
def test_every_row_of_the_list_is_whole_at(width: int, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    head, _, *rows = run("list").stdout.splitlines()
    assert "weights" in head
    assert "params" in head
    assert {row.split()[0] for row in rows} == set(shipped_specs())
    assert all(len(row) <= width for row in rows)
    assert re.search(r"^ hit-ti-shapes32 +1\.24 M +bundled", "\n".join(rows), re.MULTILINE)
    states = ["bundled" in row for row in rows]
    assert states == sorted(states, reverse=True)  # what has weights comes first
    built = run("build", "hit-b-ffhq256").stdout.splitlines()
    table = built[: next(index for index, line in enumerate(built) if line.startswith("hit-b-ffhq256"))]
    assert "46.2 M" in "".join(table)
    assert all(len(line) <= width for line in table)


def test_list_in_a_pipe_is_a_line_for_each_model(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    known = {row["name"]: row for row in json.loads(run("list", "--json").stdout)}
    rows = run("list").stdout.splitlines()[2:]
    assert len(rows) == len(known)
    for row in rows:
        assert row.endswith(known[row.split()[0]]["title"])
    (row,) = (row for row in rows if row.startswith(" hit-ti-critters64 "))
    assert "  random_conv_frechet 107.7  Apache-2.0  20,000 avatars in the style Critters of DiceBear  " in row


def test_list_takes_a_part_of_a_name(run: Run) -> None:
    def names(*words: str) -> set[str]:
        return {row["name"] for row in json.loads(run("list", *words, "--json").stdout)}

    assert names("ffhq") == {name for name in shipped_specs() if "ffhq" in name}
    assert names("FFHQ") == names("ffhq")
    assert names("hit-b-*") == set(shipped_specs("hit-b-*"))
    assert names("--trained") == names("--with-weights") == set(list_models(pretrained=True))
    assert {"hit-ti-shapes32", "vq-conv-ti-avatars64"} <= names("--trained")
    assert "no model with weights matches 'ffhq'" in run("list", "ffhq", "--trained", code=2).stderr


def test_list_says_what_was_trained_on_what_with_which_result(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    paragraph, way_on = run("list", "hit-ti-shapes32", "--trained").stdout.strip().split("\n\n")
    assert way_on.endswith("hitzoo sample hit-ti-shapes32 --seeds 0-35 --grid 6x6")
    head, title, trained, measured = paragraph.splitlines()
    assert head == "hit-ti-shapes32  32×32, 1.24 M parameters, 4.98 MB, Apache-2.0, bundled"
    card = cards()["hit-ti-shapes32"]
    assert title == f"  {card.title}"
    assert trained.startswith(
        "  trained on the built-in coloured shapes (Apache-2.0), saw 256,000 images in 1 h 1 min on 2 cores"
    )
    assert measured == "  " + ", ".join(f"{number.metric} {number.value:g}" for number in card.measured)
    (row,) = json.loads(run("list", "hit-ti-shapes32", "--trained", "--json").stdout)
    assert row["data"]["license"] == "Apache-2.0"
    assert row["provenance"] == card.provenance
    *models, _ = run("list", "--trained").stdout.split("\n\n")
    assert len(models) == len(list_models(pretrained=True))
    marked = {model.split()[0] for model in models if model.splitlines()[0].endswith(", autoencoder")}
    assert marked == {"vq-conv-ti-avatars64", "vq-hit-ti-avatars64"}


def test_prose_on_a_terminal_is_wrapped_at_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys, "stderr", Terminal())
    console.print_error("cannot write /a/path/that/is/longer/than/the/forty/columns: no space left on the device")
    assert sys.stderr.getvalue().splitlines() == [  # type: ignore[attr-defined]
        "cannot write",
        "/a/path/that/is/longer/than/the/forty/columns:",
        "no space left on the device",
    ]
