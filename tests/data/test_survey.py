"""A look at some of a data set's pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from hitzoo.data.survey import survey
from hitzoo.errors import DataError


def picture(folder: Path, name: str, size: tuple[int, int], mode: str = "RGB") -> None:
    folder.mkdir(exist_ok=True)
    Image.new(mode, size).save(folder / name)


def test_a_survey_counts_sides_colours_and_what_cannot_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    for index, size in enumerate([(40, 80), (100, 50), (60, 60)]):
        picture(folder, f"{index}.png", size)
    picture(folder, "grey.png", (30, 90), "L")
    picture(folder, "clear.png", (200, 300), "RGBA")
    (folder / "broken.png").write_bytes(b"\x89PNG")
    heard: list[tuple[int, int]] = []
    found = survey(str(folder), lambda done, total: heard.append((done, total)))
    assert (found.count, found.seen, found.unreadable) == (6, 5, 1)
    assert sorted(found.sides) == [30, 40, 50, 60, 200]
    assert (found.median, found.aspect) == (50, 2.0)
    assert (found.grey, found.clear) == (1, 1)
    assert found.at_least(50) == 3 / 5
    assert heard[-1] == (6, 6)


def test_large_sets_are_looked_at_evenly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hitzoo.data.survey._MOST", 5)
    for index in range(20):
        picture(tmp_path / "photos", f"{index:02}.png", (10 + index, 100))
    found = survey(str(tmp_path / "photos"))
    assert (found.count, found.sides) == (20, (10, 14, 18, 22, 26))


def test_slow_sets_are_looked_at_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(8):
        picture(tmp_path / "photos", f"{index}.png", (10, 10))
    monkeypatch.setattr("hitzoo.data.survey._FEWEST", 3)
    monkeypatch.setattr("hitzoo.data.survey._PATIENCE", -1.0)
    assert survey(str(tmp_path / "photos")).seen == 3


def test_a_set_of_which_nothing_can_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"none of 1 files is a readable image; `hitzoo data check`"):
        survey(str(tmp_path / "photos"))
    with pytest.raises(DataError, match="no such folder"):
        survey(str(tmp_path / "nowhere"))
