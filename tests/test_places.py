"""Places as users write them: names with a tilde, names no file system has, folders that are shut."""

from __future__ import annotations

import errno
from pathlib import Path
from types import SimpleNamespace

import pytest

from hitzoo.errors import RequestError, UnknownNameError
from hitzoo.hub.locate import locate
from hitzoo.places import caches, hitzoo_cache, is_file, is_folder, is_there, place

ODD = ["x" * 300, "a/" * 3000, "\0", "", "file/below"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    Path("file").touch()


def test_tilde_means_home_unless_that_is_a_name_here() -> None:
    assert place("~/photos") == Path("/home/me/photos")
    assert place("~") == Path("/home/me")
    Path("~photos").mkdir()
    assert place("~photos") == Path("~photos")
    assert place("~nobody-of-that-name/photos") == Path("~nobody-of-that-name/photos")
    assert place("a/~b") == Path("a/~b")


def test_tilde_without_a_home_is_a_name(homeless: None) -> None:
    assert place("~/photos") == Path("~/photos")
    assert caches() is None


def test_model_with_a_tilde_is_looked_for() -> None:
    with pytest.raises(UnknownNameError, match="no folder has that path"):
        locate("~nobody-of-that-name/run")


@pytest.mark.parametrize("name", ODD)
def test_odd_names_are_not_there(name: str) -> None:
    assert not is_file(Path(name))
    assert is_there(Path(name)) == is_folder(Path(name)) == (name == "")  # the empty one is the current folder


def test_links_in_a_circle_are_not_there() -> None:
    Path("circle").symlink_to("circle")
    assert not is_there(Path("circle"))
    assert not is_folder(Path("circle/x"))


def test_shut_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def shut(path: Path, **_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("hitzoo.places.os", SimpleNamespace(stat=shut))
    for look in (is_there, is_file, is_folder):
        with pytest.raises(RequestError) as caught:
            look(Path("shut/x"))
        assert str(caught.value) == (
            "shut/x cannot be looked at (permission denied); ask for access or choose another place"
        )


def test_hitzoo_cache_is_its_own_variable_else_below_the_users_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITZOO_CACHE", "/own")
    assert hitzoo_cache() == Path("/own")
    monkeypatch.delenv("HITZOO_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert hitzoo_cache() == Path("/somewhere/hitzoo")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert hitzoo_cache() == Path("/home/me/.cache/hitzoo")
