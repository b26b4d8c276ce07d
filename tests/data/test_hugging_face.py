"""Against a stand-in for the optional library `datasets`: what is asked of it, and what is made of its rows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

from hitzoo.data.check import check
from hitzoo.data.hugging_face import HuggingFace
from hitzoo.errors import DataError, UnreadableImage


def png(red: int) -> bytes:
    stream = BytesIO()
    Image.new("RGB", (6, 4), (red, 0, 0)).save(stream, "PNG")
    return stream.getvalue()


class Picture:
    """`datasets.Image`."""

    def __init__(self, decode: bool = True) -> None:
        self.decode = decode


class Rows:
    """`datasets.Dataset`: a picture comes decoded, unless its column was cast to one that is not."""

    def __init__(self, features: dict[str, Any], rows: list[dict[str, Any]], fingerprint: str = "f0") -> None:
        self.features = features
        self.rows = rows
        self._fingerprint = fingerprint

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        row = {name: self.rows[index][name] for name in self.features}
        decoded = [name for name, kind in self.features.items() if isinstance(kind, Picture) and kind.decode]
        assert not decoded, f"{decoded} would be decoded by the library"
        return row

    def select_columns(self, names: list[str]) -> Rows:
        return Rows({name: self.features[name] for name in names}, self.rows, self._fingerprint + "s")

    def cast_column(self, name: str, feature: Picture) -> Rows:
        return Rows(self.features | {name: feature}, self.rows, self._fingerprint + "c")


class Library(ModuleType):
    """Answers every request with `rows`, or raises `error`, and writes down what was asked."""

    Image = Picture

    def __init__(self) -> None:
        super().__init__("datasets")
        cells = [{"bytes": png(number), "path": "x.png"} for number in range(5)]
        self.rows = Rows({"label": "int64", "img": Picture()}, [{"label": 1, "img": cell} for cell in cells])
        self.error: Exception | None = None
        self.asked: list[tuple[object, ...]] = []

    def load_dataset(self, name: str, config: str | None, *, split: str, revision: str | None) -> Rows:
        self.asked.append((name, config, split, revision))
        if self.error is not None:
            raise self.error
        return self.rows

    def load_from_disk(self, name: str) -> object:
        self.asked.append((name,))
        return {"train": self.rows, "test": self.rows} if (Path(name) / "dataset_dict.json").exists() else self.rows


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    library = Library()
    monkeypatch.setitem(sys.modules, "datasets", library)
    return library


def red_of(image: Image.Image) -> object:
    pixel = image.getpixel((0, 0))
    return pixel[0] if isinstance(pixel, tuple) else pixel


def test_rows_by_number(library: Library) -> None:
    source = HuggingFace("hf:org/faces")
    assert (len(source), source.location, source.label(3)) == (5, "hf:org/faces", "hf:org/faces row 3")
    assert [red_of(source.read(index)) for index in (4, 0, 2)] == [4, 0, 2]
    assert source.read(0).format == "PNG"


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        ("hf:org/faces", ("org/faces", None, "train", None)),
        ("hf:faces", ("faces", None, "train", None)),
        ("hf:org/faces:test", ("org/faces", None, "test", None)),
        ("hf:org/faces@v1.0", ("org/faces", None, "train", "v1.0")),
        ("hf:org/faces:train[:10%]@v1", ("org/faces", None, "train[:10%]", "v1")),
        ("hf:org/faces:validation@refs/pr/1", ("org/faces", None, "validation", "refs/pr/1")),
        ("hf:org/faces/small:test@v2", ("org/faces", "small", "test", "v2")),
        ("hf:", None),
        ("hf::train", None),
        ("hf:org/faces:", None),
        ("hf:org/faces:train[:10%", None),
        ("hf:org/faces@", None),
        ("hf:org/faces@v1:test", None),
        ("hf:./here@v1", None),
    ],
)
def test_what_a_location_asks_for(library: Library, location: str, asked: tuple[object, ...] | None) -> None:
    if asked is None:
        with pytest.raises(DataError, match=r"does not have the form hf:ORG/NAME|has no revisions") as caught:
            HuggingFace(location)
        assert repr(location) in str(caught.value)
        assert library.asked == []
    else:
        HuggingFace(location)
        assert library.asked == [asked]


def test_a_folder_that_was_saved(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, mark in (("one", "state.json"), ("both", "dataset_dict.json"), ("files", "0.png")):
        (tmp_path / name).mkdir()
        (tmp_path / name / mark).write_text("")
    for location in ("hf:./one", f"hf:{tmp_path}/both:test"):
        assert len(HuggingFace(location)) == 5
    HuggingFace("hf:./files:test")
    assert library.asked == [
        (str(tmp_path / "one"),),
        (str(tmp_path / "both"),),
        (str(tmp_path / "files"), None, "test", None),
    ]
    with pytest.raises(DataError, match=r"Unknown split 'x'.*\['test', 'train'\]"):
        HuggingFace("hf:./both:x")


def test_the_first_column_of_pictures_alone_is_read(library: Library) -> None:
    cells = {"b": {"bytes": png(2), "path": None}, "a": {"bytes": png(1), "path": None}, "text": "x"}
    library.rows = Rows({"text": "string", "b": Picture(), "a": Picture()}, [cells])
    assert red_of(HuggingFace("hf:org/faces").read(0)) == 2
    del cells["a"], cells["text"]  # whoever reads them fails
    assert red_of(HuggingFace("hf:org/faces").read(0)) == 2


def test_without_pictures_the_columns_are_named(library: Library) -> None:
    library.rows = Rows({"text": "string", "label": "int64"}, [{}])
    with pytest.raises(DataError, match=r"no column holds images.*'text', 'label'"):
        HuggingFace("hf:org/words")


def test_a_split_without_rows(library: Library) -> None:
    library.rows = Rows({"img": Picture()}, [])
    with pytest.raises(DataError, match="the split 'test' has no rows"):
        HuggingFace("hf:org/faces:test")


def test_pictures_in_files_and_rows_without_one(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(7))
    cells = [
        {"bytes": None, "path": str(tmp_path / "a.png")},
        {"bytes": None, "path": str(tmp_path / "gone.png")},
        {"bytes": None, "path": None},
        None,
        {"bytes": b"text", "path": None},
    ]
    library.rows = Rows({"img": Picture()}, [{"img": cell} for cell in cells])
    source = HuggingFace("hf:org/faces")
    assert red_of(source.read(0)) == 7
    for index, said in (
        (1, "No such file"),
        (2, "this row has no image"),
        (3, "this row has no image"),
        (4, "not an image in a readable format"),
    ):
        with pytest.raises(UnreadableImage, match=f"hf:org/faces row {index}: .*{said}"):
            source.read(index)


def test_pictures_are_turned_upright_as_from_files(library: Library) -> None:
    exif, stream = Image.Exif(), BytesIO()
    exif[0x0112] = 6
    Image.new("RGB", (9, 2)).save(stream, "PNG", exif=exif)
    library.rows = Rows({"img": Picture()}, [{"img": {"bytes": stream.getvalue(), "path": None}}])
    assert HuggingFace("hf:org/faces").read(0).size == (2, 9)


def test_a_row_that_the_library_cannot_read(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    source = HuggingFace("hf:org/faces")

    def fail(self: Rows, index: int) -> object:
        raise OSError("damaged cache")

    monkeypatch.setattr(Rows, "__getitem__", fail)
    with pytest.raises(UnreadableImage, match=r"row 2.*damaged cache"):
        source.read(2)


class DatasetNotFoundError(FileNotFoundError):
    """The library's own."""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionError("Couldn't reach 'org/faces' on the Hub"), "Couldn't reach .*without a network only what was"),
        (DatasetNotFoundError("Dataset 'org/faces' doesn't exist"), r"doesn't exist .*\(the form is hf:ORG/NAME"),
        (ValueError("Config name is missing.\nPick one:\n\t['a', 'b']"), r"missing\. Pick one: \['a', 'b'\]"),
        (RuntimeError(), "RuntimeError"),
        (ValueError("x " * 5000), "…"),
    ],
)
def test_what_the_library_says_becomes_one_line(library: Library, error: Exception, said: str) -> None:
    library.error = error
    with pytest.raises(DataError, match=said) as caught:
        HuggingFace("hf:org/faces")
    message = str(caught.value)
    assert message.startswith("data 'hf:org/faces': ")
    assert "\n" not in message
    assert len(message) < 700


def importing(error: ImportError) -> Callable[..., object]:
    def fail(name: str, *_: object) -> object:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModuleNotFoundError("No module named 'datasets'", name="datasets"), "'datasets', which is not installed"),
        (ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow"), r"imported \(No module named 'pyarrow'\)"),
        (ImportError("pyarrow is too old"), r"cannot be imported \(pyarrow is too old\)"),
    ],
)
def test_without_the_library(error: ImportError, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hitzoo.data.hugging_face.import_module", importing(error))
    with pytest.raises(DataError, match=said + r".*pip install 'hitzoo\[data\]'"):
        HuggingFace("hf:org/faces")


def test_the_fingerprint_follows_the_librarys_the_column_and_the_length(library: Library) -> None:
    cell = {"bytes": png(0), "path": None}
    prints = {HuggingFace("hf:org/faces").fingerprint()}
    assert HuggingFace("hf:org/faces").fingerprint() in prints
    for features, count, mark in (({"img": 0}, 5, "f1"), ({"x": 0}, 5, "f0"), ({"img": 0}, 4, "f0")):
        rows = [dict.fromkeys(features, cell)] * count
        library.rows = Rows(dict.fromkeys(features, Picture()), rows, mark)
        prints.add(HuggingFace("hf:org/faces").fingerprint())
    assert len(prints) == 4


def test_the_check_reads_it(library: Library) -> None:
    library.rows.rows[3]["img"] = None
    report = check("hf:org/faces")
    assert (report.count, report.readable, report.formats) == (5, 4, {"PNG": 4})
    assert report.bad == (("hf:org/faces row 3", "this row has no image"),)
