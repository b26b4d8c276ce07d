"""Pickled batches are located, never unpickled."""

from __future__ import annotations

import struct

import pytest

from hitzoo.data import batch_pickle
from hitzoo.data.batch_pickle import rows_of
from tests.data.published_files import array, batch, by_rows, text

SYSTEM = b"cposix\nsystem\n" + b"U\x04true\x85R"  # os.system("true")


def unicode_batch(names: bytes) -> bytes:
    """A batch as Python 3 pickles one (protocol 4); `names` pushes _reconstruct."""
    content = by_rows(0)
    word = lambda value: b"\x8c" + bytes([len(value)]) + value + b"\x94"  # noqa: E731
    array = word(b"numpy._core.multiarray") + word(b"_reconstruct") + names
    array += word(b"numpy") + word(b"ndarray") + b"\x93\x94K\0\x85\x94C\1b\x94\x87\x94R\x94"
    array += (
        b"(K\1K\1M\0\x0c\x86\x94"
        + word(b"numpy")
        + word(b"dtype")
        + b"\x93\x94"
        + word(b"u1")
        + b"\x89\x88\x87\x94R\x94"
    )
    array += b"(K\3" + word(b"|") + b"NNN" + b"J\xff\xff\xff\xff" * 2 + b"K\0t\x94b"
    array += b"\x89B" + struct.pack("<I", len(content)) + content + b"\x94t\x94b"
    return b"\x80\4\x95" + bytes(8) + b"}\x94C\4data\x94" + array + b"s."


def test_pixels_are_located() -> None:
    content = batch(range(3))
    rows = rows_of(content, 3072)
    assert rows.count == 3
    assert content[rows.first :][: 3 * 3072] == b"".join(map(by_rows, range(3)))


def test_batch_pickled_by_python_3_is_located_too() -> None:
    content = unicode_batch(b"\x93\x94")
    rows = rows_of(content, 3072)
    assert rows.count == 1
    assert content[rows.first :][:3072] == by_rows(0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x80\x02" + SYSTEM + b".", "names 'posix.system' at byte 2, which is not run"),
        (batch(range(2), labels=SYSTEM), "names 'posix.system'"),
        (batch(range(1), SYSTEM + b"0" + array(range(1))), "names 'posix.system'"),
        (b"\x80\x04\x8c\x05posix\x8c\x06system\x93.", "names 'posix.system'"),
        (batch(range(1), b"c__builtin__\neval\n"), "names '__builtin__.eval'"),
        (batch(range(1), b"cnumpy\nload\n"), "names 'numpy.load'"),
        (batch(range(1), b"cnumpy.core.multiarray\n_reconstruct.__globals__\n"), "_reconstruct.__globals__'"),
        (b"(S'true'\nios\nsystem\n.", "has the instruction STRING"),
        (b"\x80\x02(ios\nsystem\n.", "has the instruction INST"),
        (b"\x80\x02(cnumpy\nndarray\no.", "has the instruction OBJ"),
        (b"\x80\x02cnumpy\nndarray\n)\x81.", "has the instruction NEWOBJ"),
        (b"\x80\x02\x82\x01.", "has the instruction EXT1"),
        (b"\x80\x02" + text("x") + b"Q.", "has the instruction BINPERSID"),
        (b"\x80\x02cnumpy\nndarray\n)R.", "calls something at byte 18"),
        (b"\x80\x02" + text("x") + b")R.", "calls something"),
        (b"\x80\x02}" + b"}b.", "sets the state of something"),
    ],
)
def test_anything_else_is_refused_and_not_run(content: bytes, said: str) -> None:
    with pytest.raises(ValueError, match="byte") as caught:
        rows_of(content, 3072)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "damaged or no batch"),
        (b"\x80\x02.", "holds no array under 'data'"),
        (b"\x80\x02}.", "holds no array under 'data'"),
        (b"no pickle", "damaged or no batch"),
        (b"\x80\x02" + b"(" * 9 + b"t" * 9 + b"t.", "damaged or no batch"),
        (b"\x80\x02}K\1K\2s.", "damaged or no batch"),
        (b"\x80\x02K\1" + b"q\0h\1.", "damaged or no batch"),
        (b"\x80\x02K\1K\2a.", "appended to what is no list"),
        (b"\x80\x02K\1" + text("x") + b"K\2s.", "set in what is no dictionary"),
        (b"\x80\x02}" + text("data") + b"cnumpy\ndtype\n)Rs.", "holds no array under 'data'"),
        (b"\x80\x02}" + text("data") + b"cnumpy.core.multiarray\n_reconstruct\n)Rs.", "not written as NumPy"),
        (batch(range(2), array(range(2), "f4")), "shape (2, 3,072)"),
        (batch(range(2), array(range(2), shape=(3, 3072))), "shape (3, 3,072)"),
        (batch(range(2), array(range(2), shape=(-2, 3072))), "shape (-2, 3,072)"),
        (batch(range(2), array(range(2), shape=(3, 2048))), "shape (3, 2,048)"),
        (batch(range(2), array(range(2), order=b"\x88")), "row by row"),
        (b"\x80\x02}" + text("data") + b")" + b"\x85" * 20_000 + b"s.", "holds no array"),
    ],
)
def test_damaged_or_other_pickle_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(ValueError, match="batch") as caught:
        rows_of(content, 3072)
    assert said in str(caught.value)


def test_batch_cut_off_anywhere_is_refused() -> None:
    whole = batch(range(1))
    for size in [*range(400), *range(3000, len(whole))]:
        with pytest.raises(ValueError, match="batch"):
            rows_of(whole[:size], 3072)


def test_endless_pickle_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_pickle, "_MOST", 100)
    assert rows_of(batch(range(1)), 3072).count == 1
    with pytest.raises(ValueError, match="more than 100 instructions"):
        rows_of(b"\x80\x02" + b"N" * 101 + b".", 3072)
