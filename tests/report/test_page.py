"""The page: whole, inert, asking nobody for anything, and usable by everybody."""

from __future__ import annotations

import platform
import re
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hitzoo.report.page import page
from hitzoo.report.pictures import galleries
from hitzoo.report.run_facts import RunFacts, read_runs
from hitzoo.report.write import plots_of
from tests.report.written_runs import SESSION, lines, write_run

pytest.importorskip("matplotlib", reason="hitzoo[plot] is not installed")

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"


class Elements(HTMLParser):
    """Every element with its attributes, and the texts inside some."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def drawn(runs: list[RunFacts], refresh: float | None = None) -> str:
    groups, left = plots_of(runs)
    made = datetime(2026, 11, 26, 13, 5, tzinfo=UTC)
    return page(runs, groups, galleries(runs), made=made, left=left, refresh=refresh)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of two runs, of which one would like to do harm by every text that it has."""
    folder = tmp_path_factory.mktemp("runs")
    session = {**SESSION, "device_name": HOSTILE, "versions": {HOSTILE: HOSTILE}, "command": [HOSTILE], "data": HOSTILE}
    about = {"name": HOSTILE, "seed": 0, "made_from": HOSTILE, "sessions": [session, HOSTILE]}
    records = [{**line, HOSTILE: 1.0, "warning": HOSTILE} for line in lines(3)]
    bad = write_run(folder / HOSTILE.replace("/", "_"), records, grids=(10, 20), about=about)
    (bad / "best.json").write_text(
        '{"checkpoint": "step-00000010", "metric": "<b>", "value": 1, "lower_is_better": true}'
    )
    (bad / "samples" / "step-00000015.png").write_text(HOSTILE)
    return drawn(read_runs([bad, write_run(folder / "good", lines(5, **{"eval/fid": 3.0}), grids=(10,))]), refresh=30)


def test_texts_of_a_run_are_inert(hostile: str) -> None:
    elements = Elements(hostile)
    assert len(elements.of("script")) == 1
    assert {attributes["src"][:15] for attributes in elements.of("img")} == {"data:image/png;"}
    assert not [name for _, attributes in elements.found for name in attributes if name.startswith("on")]
    assert "alert(1)</script>" not in hostile
    assert hostile.count("&lt;script&gt;alert(1)") > 10


def test_page_asks_nobody_and_runs_its_own_script_alone(hostile: str) -> None:
    elements = Elements(hostile)
    [policy] = [each["content"] for each in elements.of("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    [script] = elements.texts["script"]
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline';")
    references = [
        value
        for _, attributes in elements.found
        for name, value in attributes.items()
        if name in ("src", "href", "xlink:href", "action", "srcset", "poster")
    ]
    assert {value[:5] for value in references if not value.startswith("#")} == {"data:"}
    assert not re.findall(r"url\((?!#)|@import", hostile)
    assert set(re.findall(r"https?://[\w./]*", hostile)) <= {"http://www.w3.org/2000/svg"}


def test_page_can_be_used_by_everybody(hostile: str) -> None:
    elements = Elements(hostile)
    identifiers = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert all(attributes["alt"] for attributes in elements.of("img"))
    for name, attributes in elements.found:
        for key in ("for", "aria-labelledby", "aria-describedby"):
            assert attributes.get(key, identifiers[0]) in identifiers, (name, attributes)
        if (attributes.get("href") or "").startswith("#"):
            assert attributes["href"][1:] in identifiers
    plots = [each for each in elements.of("svg") if each.get("role") == "img"]
    assert len(plots) == len(elements.of("desc")) == hostile.count("<summary>Numbers: ")
    for control in [each for each in elements.of("input") if each["type"] == "range"]:
        assert any(label["for"] == control["id"] for label in elements.of("label") if "for" in label)
    assert elements.of("html") == [{"lang": "en"}]


def test_plots_are_told_in_words_and_numbers(hostile: str) -> None:
    assert "good: 1 at 40 images, 0.2 at 200; least 0.2, largest 1." in hostile
    table = hostile[hostile.index("Numbers: Loss of the generator") :]
    cells = re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", table[: table.index("</table>")])
    assert cells[3:] == [
        "40",
        "1",
        "1",
        "80",
        "0.5",
        "0.5",
        "120",
        "0.333",
        "0.333",
        "160",
        "",
        "0.25",
        "200",
        "",
        "0.2",
    ]


def test_facts_of_a_run_are_there(tmp_path: Path) -> None:
    records = [*lines(4), {"step": 40, "images": 160, "warning": "collapse"}]
    run = write_run(tmp_path / "a", records, about={"sessions": [SESSION, {**SESSION, "precision": "float32"}]})
    text = drawn(read_runs([run]))
    for words in (
        "<h1>a: training report</h1>", "read <time", "2026-11-26 13:05:00 UTC", "session 2", "A Card (cuda:0)",
        "bf16", "2.15.0", "hitzoo train tiny --out &#x27;a b&#x27;", ">collapse<", ">160<", "still shows",
        "far more alike than real images", "Generator (hit)", "Discriminator (stylegan2)", "multi_axis 2²·2²",
        "batch_size: 4", "40 of 400", "a has no grids of samples yet",
    ):  # fmt: skip
        assert words in text, words
    assert platform.node() not in text  # on whose machine it was
    assert "data-refresh" not in text
    assert "None of the known failures" not in text


def test_what_differs_between_specs_is_shown(tmp_path: Path) -> None:
    [plain] = read_runs([write_run(tmp_path / "a")])
    spec = plain.record.about_spec()
    spec["training"]["batch_size"] = 8
    runs = read_runs([tmp_path / "a", write_run(tmp_path / "b", about={"spec": spec})])
    assert '<th scope="row">training.batch_size</th><td>4</td><td>8</td>' in drawn(runs)
    assert "The specs are the same." in drawn([runs[0], runs[0]])


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    empty = write_run(tmp_path / "a", about={"spec": None, "sessions": []})
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "run.json").write_text("{")
    text = drawn(read_runs([empty, tmp_path / "b"]))
    for words in (
        "a has no metrics yet: metrics.jsonl is missing or empty.",
        "a has no grids of samples yet",
        "The networks of a are not shown: neither spec.yaml nor run.json",
        "a does not say what it was trained on",
        "b: run.json is not a run&#x27;s",
        "None of the known failures showed.",
    ):
        assert words in text, words
    assert "<svg" not in text
