"""Grids on a page: few, small, and never more than a budget."""

from __future__ import annotations

import io
from base64 import b64decode
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hitzoo.report import pictures
from hitzoo.report.pictures import MOST_GRIDS, galleries
from hitzoo.report.run_facts import read_runs
from tests.report.written_runs import lines, write_run


def opened(source: str) -> Image.Image:
    head, _, data = source.partition(",")
    assert head in ("data:image/png;base64", "data:image/jpeg;base64")
    return Image.open(io.BytesIO(b64decode(data)))


def noise(path: Path, side: int, mode: str = "RGB") -> None:
    values = np.random.default_rng(0).integers(0, 256, (side, side, len(mode)), dtype=np.uint8)
    Image.fromarray(values, mode).save(path)


def test_small_grids_are_as_they_were(tmp_path: Path) -> None:
    [gallery] = galleries(read_runs([write_run(tmp_path / "a", lines(), grids=(10, 20, 30))]))
    assert [picture.step for picture in gallery.shown] == [10, 20, 30]
    assert [opened(picture.source).getpixel((0, 0)) for picture in gallery.shown] == [
        (20 * k, 80, 80) for k in range(3)
    ]
    assert gallery.real is not None
    assert opened(gallery.real.source).getpixel((0, 0)) == (0, 0, 200)
    assert (gallery.found, gallery.smaller, gallery.unreadable) == (3, False, ())


def test_many_grids_are_chosen_evenly_with_both_ends(tmp_path: Path) -> None:
    run = write_run(tmp_path / "a", lines(), grids=range(10, 1010, 10), side=2)
    [gallery] = galleries(read_runs([run]))
    steps = [picture.step or 0 for picture in gallery.shown]
    assert (len(steps), steps[0], steps[-1], gallery.found) == (MOST_GRIDS, 10, 1000, 100)
    assert {later - earlier for earlier, later in pairwise(steps)} == {20, 30}


def test_pictures_share_a_budget(tmp_path: Path) -> None:
    run = write_run(tmp_path / "a", lines(), grids=(10, 20))
    for step in (10, 20):
        noise(run / "samples" / f"step-{step:08d}.png", 300)
    [gallery] = galleries(read_runs([run]), budget=60_000)
    sizes = [len(b64decode(picture.source.partition(",")[2])) for picture in gallery.shown]
    assert max(sizes) <= 20_000
    assert min(sizes) > 5_000
    assert gallery.smaller
    assert all((picture.width, picture.height) == opened(picture.source).size for picture in gallery.shown)


def test_what_is_no_picture_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = write_run(tmp_path / "a", lines(), grids=(10, 20, 30, 40))
    grids = [run / "samples" / f"step-{step:08d}.png" for step in (10, 20, 30, 40)]
    whole = grids[0].read_bytes()
    grids[0].write_bytes(whole[: len(whole) // 2])
    grids[1].unlink()
    grids[1].mkdir()
    noise(grids[2], 30)
    (run / "samples" / "real.png").write_text("<svg onload=alert(1)>")
    monkeypatch.setattr(pictures, "_LARGEST", 800)
    [gallery] = galleries(read_runs([run]))
    assert [picture.step for picture in gallery.shown] == [40]
    assert gallery.unreadable == tuple(path.name for path in grids[:3])
    assert gallery.real is None


def test_clear_pixels_are_white(tmp_path: Path) -> None:
    run = write_run(tmp_path / "a", lines(), grids=(10,))
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(run / "samples" / "step-00000010.png")
    [gallery] = galleries(read_runs([run]))
    assert opened(gallery.shown[0].source).getpixel((0, 0)) == (255, 255, 255)
