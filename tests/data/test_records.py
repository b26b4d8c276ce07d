from __future__ import annotations

import os
from pathlib import Path

import pytest

from hitzoo.data.records import RecordFile
from hitzoo.errors import DataError, UnreadableImage
from tests.data.record_writer import record, write_records

CONTENTS = [b"first", b"", b"x" * 300, b"last"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_records(tmp_path / "faces.tfrecords", CONTENTS)


def contents(records: RecordFile) -> list[bytes]:
    return [records.read(index) for index in range(len(records))]


def test_records_are_read_in_any_order(path: Path) -> None:
    records = RecordFile(path)
    assert contents(records) == CONTENTS
    assert [records.read(index) for index in (2, 0, 3)] == [CONTENTS[2], CONTENTS[0], CONTENTS[3]]
    assert records.label(2) == "faces.tfrecords record 2"


def test_no_content_is_read_to_find_the_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_records(tmp_path / "a", [b"x" * 100, b"y" * 100])
    wanted: list[int] = []
    opened = Path.open

    class Counting:
        def __init__(self, file: object) -> None:
            self.file = file

        def __getattr__(self, name: str) -> object:
            return getattr(self.file, name)

        def __enter__(self) -> Counting:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()  # type: ignore[attr-defined]

        def read(self, size: int) -> object:
            wanted.append(size)
            return self.file.read(size)  # type: ignore[attr-defined]

    monkeypatch.setattr(Path, "open", lambda self, *words, **named: Counting(opened(self, *words, **named)))
    RecordFile(path)
    assert wanted == [12, 12]


def test_a_damaged_content_is_one_unreadable_record(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[content.index(b"xxx") + 7] ^= 1
    path.write_bytes(content)
    records = RecordFile(path)
    offset = len(record(CONTENTS[0]) + record(CONTENTS[1]))
    with pytest.raises(UnreadableImage, match=rf"faces\.tfrecords record 2: .*checksum of the record at byte {offset}"):
        records.read(2)
    assert records.read(3) == b"last"


@pytest.mark.parametrize("field", [0, 7, 8, 11])
def test_a_damaged_length_is_named_with_its_place(path: Path, field: int) -> None:
    offset = len(record(CONTENTS[0]))
    content = bytearray(path.read_bytes())
    content[offset + field] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"wrong checksum of the length at byte {offset}") as caught:
        RecordFile(path)
    assert str(path) in str(caught.value)
    assert not isinstance(caught.value, UnreadableImage)


def test_a_file_cut_anywhere_but_between_records(path: Path) -> None:
    whole = path.read_bytes()
    ends = [0]
    for content in CONTENTS:
        ends.append(ends[-1] + len(record(content)))
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        if size in ends:
            assert len(RecordFile(path)) == ends.index(size)
            continue
        begin = max(end for end in ends if end < size)
        with pytest.raises(DataError, match=f"is truncated: the record at byte {begin} .* byte {size};") as caught:
            RecordFile(path)
        assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"plain text of some length", "is not a TFRecord file"), (b"\x1f\x8b" + bytes(40), "compressed.*gunzip")],
)
def test_another_kind_of_file(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.tfrecords").write_bytes(content)
    with pytest.raises(DataError, match=said):
        RecordFile(tmp_path / "a.tfrecords")


def test_a_file_that_is_missing_or_goes_away_or_shrinks(path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        RecordFile(path.with_name("gone"))
    records = RecordFile(path)
    path.write_bytes(path.read_bytes()[:-1])
    assert records.read(2) == CONTENTS[2]
    with pytest.raises(DataError, match="has been truncated"):
        records.read(3)
    path.unlink()
    for use in (records.stamp, lambda: records.read(0)):
        with pytest.raises(DataError, match="No such file") as caught:
            use()
        assert not isinstance(caught.value, UnreadableImage)


def test_a_file_that_was_replaced_is_not_misread(path: Path) -> None:
    records = RecordFile(path)
    write_records(path, [b"other lengths", b"x" * 400, b"", b"y" * 40])
    for index in range(4):
        with pytest.raises(UnreadableImage, match="wrong checksum"):
            records.read(index)


def test_the_stamp_follows_name_size_time_and_number(path: Path) -> None:
    os.utime(path, ns=(1, 1))
    stamps = {RecordFile(path).stamp()}
    assert RecordFile(path).stamp() in stamps
    os.utime(path, ns=(2, 2))
    stamps.add(RecordFile(path).stamp())
    stamps.add(RecordFile(path.rename(path.with_name("b"))).stamp())
    assert len(stamps) == 3
