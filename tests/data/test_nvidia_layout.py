"""Zips and folders as NVlabs' dataset_tool.py makes them: numbered PNGs beside a dataset.json, which is not read."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest
from PIL import Image

from hitzoo.data.open import open_source
from hitzoo.data.source import ImageSource

NAMES = [f"{number // 1000:05}/img{number:08}.png" for number in (1001, 0, 2, 1)]

LABELS = {
    "classes": json.dumps({"labels": [[name, 3] for name in NAMES]}),
    "none": json.dumps({"labels": None}),
    "of files that are not there": json.dumps({"labels": [["00000/img00000009.png", 5], ["x.png", 1]]}),
    "of another order": json.dumps({"labels": [[name, 0] for name in sorted(NAMES, reverse=True)]}),
    "no JSON": "{labels",
    "no text": "\udcff",
    "empty": "",
}


def png(red: int) -> bytes:
    stream = BytesIO()
    Image.new("RGB", (8, 8), (red, 0, 0)).save(stream, "PNG", compress_level=0, optimize=False)
    return stream.getvalue()


def write(path: Path, labels: str | None, *, packed: bool) -> ImageSource:
    files = {name: png(number) for number, name in enumerate(NAMES)}
    if labels is not None:
        files["dataset.json"] = labels.encode("utf-8", "surrogateescape")
    if packed:
        with ZipFile(path.with_suffix(".zip"), "w", ZIP_STORED) as file:
            for name, content in files.items():
                file.writestr(name, content)
        return open_source(str(path.with_suffix(".zip")), resolution=8)
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return open_source(str(path), resolution=8)


@pytest.mark.parametrize("packed", [True, False], ids=["zip", "folder"])
@pytest.mark.parametrize("labels", [*LABELS.values(), None], ids=[*LABELS, "no file"])
def test_images_come_in_the_order_of_their_paths_whatever_the_labels(
    tmp_path: Path, labels: str | None, packed: bool
) -> None:
    source = write(tmp_path / "ffhq", labels, packed=packed)
    assert [source.label(index) for index in range(len(source))] == sorted(NAMES)
    assert [source.read(index).getpixel((0, 0)) for index in range(4)] == [(red, 0, 0) for red in (1, 3, 2, 0)]
