"""Places of data: home folders, names with a tilde, names that are not UTF-8."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from hitzoo.data.open import open_source
from hitzoo.data.place import place_of, recorded
from hitzoo.errors import DataError


@pytest.fixture(autouse=True)
def _there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")


def test_a_folder_whose_name_begins_with_a_tilde_is_that_folder() -> None:
    Path("~photos").mkdir()
    Image.new("RGB", (4, 4)).save("~photos/a.png")
    assert len(open_source("~photos", resolution=4)) == 1


@pytest.mark.parametrize("location", ["~nobody-of-that-name/photos", "~nobody-of-that-name", "~/photos"])
def test_a_home_that_is_not_there(location: str) -> None:
    with pytest.raises(DataError, match="no such folder or file"):
        open_source(location, resolution=4)


def test_no_home_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", homeless)
    with pytest.raises(DataError, match="no such folder or file"):
        open_source("~/photos", resolution=4)


def test_the_home_folder() -> None:
    assert place_of("~") == Path("/home/somebody")
    assert place_of("~/photos") == Path("/home/somebody/photos")


def test_a_zero_byte_is_in_no_name() -> None:
    with pytest.raises(DataError, match=r"no such folder or file|null byte"):
        open_source("a\0b", resolution=4)


@pytest.mark.skipif(os.name == "nt", reason="names are bytes")
def test_a_name_that_is_not_utf_8_is_recorded_and_found_again() -> None:
    name = os.fsdecode(b"fot\xf6s \xc3\xa9")
    Path(name).mkdir()
    Image.new("RGB", (4, 4)).save(f"{name}/a.png")
    assert recorded(name) == "fot\\xf6s é"
    assert recorded("photos/é") == "photos/é"
    assert len(open_source(recorded(name), resolution=4)) == len(open_source(name, resolution=4)) == 1
    Path("fot\\xf6s é").mkdir()  # somebody's own name comes first
    assert place_of(recorded(name)).name == "fot\\xf6s é"
