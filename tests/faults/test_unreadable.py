"""Images that cannot be read stop a run, which goes on when they are mended, or are left out where the spec says so."""

from __future__ import annotations

import pytest

from tests.faults.conftest import STEPS, Workshop, content

pytestmark = pytest.mark.processes


def test_one_that_breaks_in_the_middle_stops_the_run(halfway: Workshop, assert_as_undisturbed) -> None:
    picture = halfway.folder / "pictures" / "3.png"
    whole = picture.read_bytes()
    before = content(halfway.folder / "run" / "checkpoints")
    picture.write_bytes(whole[: len(whole) // 2])
    printed = halfway.train("--resume", code=2)
    assert "3.png: not a readable image" in printed
    assert "data.on_error=skip" in printed
    assert "Traceback" not in printed
    assert before.items() <= content(halfway.folder / "run" / "checkpoints").items()
    picture.write_bytes(whole)
    halfway.train("--resume")
    assert_as_undisturbed(halfway)


def test_they_are_left_out_and_named_where_the_spec_says_so(workshop: Workshop) -> None:
    pictures = workshop.folder / "pictures"
    (pictures / "3.png").write_bytes(b"")
    (pictures / "4.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    (pictures / "5.png").write_bytes((pictures / "6.png").read_bytes()[:-60])
    printed = workshop.train("--set", "data.on_error=skip")
    assert "3 unreadable files skipped: " in printed
    assert all(f"skipped: {number}.png" in printed for number in (3, 4, 5))
    assert workshop.saved()[-1] == STEPS
    assert len({line for line in printed.splitlines() if line.startswith("skipped")}) == 3
