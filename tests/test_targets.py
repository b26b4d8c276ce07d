"""One rule for what is there already: the same may be made again, anything else stays until --force."""

from __future__ import annotations

from pathlib import Path

import pytest

from hitzoo.errors import OutputError
from hitzoo.targets import file_target, folder_target, is_taken, put_text, stream_target

KNOWN = ("a.txt", "inner/b.txt")


def stream(path: Path, *parts: bytes, force: bool = False) -> None:
    with stream_target(path, force=force) as file:
        for part in parts:
            file.write(part)


def fill(path: Path, a: str, b: str = "b", *, force: bool = False) -> None:
    with folder_target(path, KNOWN, force=force) as folder:
        (folder / "inner").mkdir()
        (folder / "a.txt").write_text(a, encoding="utf-8")
        (folder / "inner" / "b.txt").write_text(b, encoding="utf-8")


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_stream_of_the_same_bytes_leaves_the_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.bin"
    stream(path, b"one", b"two")
    before = path.stat()
    stream(path, b"onet", b"wo")
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.read_bytes() == b"onetwo"


@pytest.mark.parametrize("parts", [(b"one",), (b"one", b"tw0"), (b"onetwo", b"3"), ()])
def test_stream_of_other_bytes_is_refused_and_the_file_stays(tmp_path: Path, parts: tuple[bytes, ...]) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(b"onetwo")
    with pytest.raises(OutputError, match=r"x\.bin exists already, with other content; force=True replaces it"):
        stream(path, *parts)
    assert path.read_bytes() == b"onetwo"
    stream(path, *parts, force=True)
    assert path.read_bytes() == b"".join(parts)
    assert tree(tmp_path) == ["x.bin"]


def test_stream_is_refused_at_the_first_byte_that_differs(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(b"onetwo")
    with pytest.raises(OutputError), stream_target(path, force=False) as file:
        file.write(b"one")
        file.write(b"x")
        pytest.fail("worked on")


def test_file_of_the_same_bytes_may_be_made_again(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    for force, content, said in ((False, "1", ""), (False, "1", ""), (False, "2", "exists already"), (True, "2", "")):
        if said:
            with pytest.raises(OutputError, match=said), file_target(path, force=force) as temporary:
                temporary.write_text(content)
            assert path.read_text() == "1"
        else:
            with file_target(path, force=force) as temporary:
                temporary.write_text(content)
            assert path.read_text() == content
    assert tree(tmp_path) == ["x.bin"]


def test_text_that_was_edited_stays(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    put_text(path, "né", force=False)
    put_text(path, "né", force=False)
    path.write_text("edited")
    with pytest.raises(OutputError, match="force=True"):
        put_text(path, "né", force=False)
    assert path.read_text() == "edited"
    put_text(path, "né", force=True)
    assert path.read_text(encoding="utf-8") == "né"


def test_link_that_leads_nowhere_is_taken(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    assert is_taken(tmp_path / "link")
    for write in (stream, lambda path: put_text(path, "", force=False)):
        with pytest.raises(OutputError):
            write(tmp_path / "link")
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("force", [False, True])
def test_folder_is_no_file(tmp_path: Path, force: bool) -> None:
    with pytest.raises(OutputError, match="it is a folder; give a file"):
        stream(tmp_path, b"", force=force)


def test_folder_of_the_same_files_may_be_made_again(tmp_path: Path) -> None:
    path = tmp_path / "m"
    fill(path, "1")
    fill(path, "1")
    with pytest.raises(OutputError, match=r"m exists already, with other content; force=True replaces it"):
        fill(path, "2")
    assert (path / "a.txt").read_text() == "1"
    fill(path, "2", force=True)
    assert (path / "a.txt").read_text() == "2"
    assert tree(tmp_path) == ["m", "m/a.txt", "m/inner", "m/inner/b.txt"]


@pytest.mark.parametrize("force", [False, True])
def test_folder_that_holds_more_is_never_replaced(tmp_path: Path, force: bool) -> None:
    path = tmp_path / "m"
    fill(path, "1")
    (path / "inner" / "mine.jpg").touch()
    with pytest.raises(OutputError, match=r"m exists already and is not replaced: it holds inner/mine\.jpg; choose"):
        fill(path, "2", force=force)
    assert (path / "inner" / "mine.jpg").exists()
    assert (path / "a.txt").read_text() == "1"


@pytest.mark.parametrize("force", [False, True])
def test_folder_stays_where_making_it_anew_failed(tmp_path: Path, force: bool) -> None:
    path = tmp_path / "m"
    fill(path, "1")
    with pytest.raises(KeyError), folder_target(path, KNOWN, force=force) as folder:
        (folder / "a.txt").write_text("half")
        raise KeyError("bug")
    assert tree(tmp_path) == ["m", "m/a.txt", "m/inner", "m/inner/b.txt"]
    assert (path / "a.txt").read_text() == "1"
