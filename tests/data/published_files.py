"""Writes CIFAR-10, CIFAR-100, STL-10 and MNIST in miniature, byte by byte as their authors' programs do.

Pickled batches are written instruction by instruction, as cPickle of Python 2 does (protocol 2).
"""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def pixels(number: int, side: int = 32) -> Pixels:
    """Image `number` of a set: (side, side, 3)."""
    return np.random.default_rng(number).integers(0, 256, (side, side, 3), np.uint8)


@lru_cache(maxsize=32)
def by_rows(number: int, side: int = 32) -> bytes:
    """Three planes, row by row."""
    image = pixels(number, side)
    return bytes(int(image[y, x, c]) for c in range(3) for y in range(side) for x in range(side))


@lru_cache(maxsize=32)
def by_columns(number: int, side: int = 96) -> bytes:
    """Three planes, column by column."""
    image = pixels(number, side)
    return b"".join(image[:, x, c].tobytes() for c in range(3) for x in range(side))


def text(value: str) -> bytes:
    """A short str of Python 2."""
    return b"U" + bytes([len(value)]) + value.encode()


def array(numbers: range, kind: str = "u1", *, shape: tuple[int, int] | None = None, order: bytes = b"\x89") -> bytes:
    """An array of images, one in a row; other `kind`, `shape` and `order` are lies about it."""
    rows, width = shape or (len(numbers), 3072)
    content = b"".join(map(by_rows, numbers))
    made = b"cnumpy.core.multiarray\n_reconstruct\nq\x10cnumpy\nndarray\nq\x11K\x00\x85" + text("b") + b"\x87Rq\x12"
    shaped = b"(K\x01" + b"J" + struct.pack("<i", rows) + b"M" + struct.pack("<H", width) + b"\x86"
    typed = b"cnumpy\ndtype\nq\x13" + text(kind) + b"K\x00K\x01\x87R"
    typed += b"(K\x03" + text("|") + b"NNN" + b"J\xff\xff\xff\xff" * 2 + b"K\x00tb"
    return made + shaped + typed + order + b"T" + struct.pack("<I", len(content)) + content + b"tb"


def batch(numbers: range, data: bytes | None = None, *, labels: bytes = b"K\x06") -> bytes:
    """A pickled batch; `data` and `labels` are the instructions that push them."""
    data = array(numbers) if data is None else data
    names = b"]q\x05(" + b"".join(text(f"camion_s_{number:06}.png") + b"r\0\1\0\0" for number in numbers) + b"e"
    head = b"\x80\x02}q\x01(" + text("batch_label") + b"q\x02" + text("training batch 1 of 5") + b"q\x03"
    named = text("labels") + b"q\x04](" + labels * len(numbers) + b"e" + text("data") + data
    return head + named + text("filenames") + names + b"u."


def cifar10_python() -> dict[str, bytes]:
    """Two images in each of six batches, numbered 0 to 9 and 10, 11."""
    files = {f"data_batch_{part + 1}": batch(range(2 * part, 2 * part + 2)) for part in range(5)}
    return {**files, "test_batch": batch(range(10, 12)), "batches.meta": b"\x80\x02}.", "readme.html": b"<html>"}


def cifar10_binary() -> dict[str, bytes]:
    """The same with a label before each image."""
    files = {f"data_batch_{part + 1}.bin": labelled(range(2 * part, 2 * part + 2)) for part in range(5)}
    return {**files, "test_batch.bin": labelled(range(10, 12)), "batches.meta.txt": b"airplane\n"}


def labelled(numbers: range, label: bytes = b"\x09") -> bytes:
    return b"".join(label + by_rows(number) for number in numbers)


def cifar100_python() -> dict[str, bytes]:
    return {"train": batch(range(3)), "test": batch(range(3, 5)), "meta": b"\x80\x02}.", "file.txt~": b""}


def cifar100_binary() -> dict[str, bytes]:
    names = {"fine_label_names.txt": b"apple\n", "coarse_label_names.txt": b"fish\n"}
    return {"train.bin": labelled(range(3), b"\x01\x63"), "test.bin": labelled(range(3, 5), b"\x01\x63"), **names}


def stl10() -> dict[str, bytes]:
    """Two images for training, one for testing (2), two without labels (3, 4)."""
    files = {"train_X.bin": range(2), "test_X.bin": range(2, 3), "unlabeled_X.bin": range(3, 5)}
    contents = {name: b"".join(map(by_columns, numbers)) for name, numbers in files.items()}
    return {**contents, "train_y.bin": b"\x01\x0a", "test_y.bin": b"\x01", "class_names.txt": b"airplane\n"}


def mnist() -> dict[str, bytes]:
    """Two grey images for training, one for testing (2)."""
    files = {"train-images-idx3-ubyte": range(2), "t10k-images-idx3-ubyte": range(2, 3)}
    return {**{name: idx(numbers) for name, numbers in files.items()}, "train-labels-idx1-ubyte": b"\0\0\x08\x01"}


def idx(numbers: range, *, side: int = 28, kind: int = 0x803) -> bytes:
    """An IDX file of grey images: the red plane of each."""
    planes = (pixels(number, 28)[:, :, 0].tobytes() for number in numbers)
    return struct.pack(">IIII", kind, len(numbers), side, side) + b"".join(planes)


def tar(files: Mapping[str, bytes], folder: str = "cifar-10-batches-py") -> bytes:
    """An archive of the files in a folder, with an entry for the folder."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        above = tarfile.TarInfo(folder)
        above.type = tarfile.DIRTYPE
        archive.addfile(above)
        for name, held in files.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(held)
            archive.addfile(member, io.BytesIO(held))
    return content.getvalue()


def write_tar_gz(path: Path, files: Mapping[str, bytes], folder: str = "cifar-10-batches-py") -> Path:
    path.write_bytes(gzip.compress(tar(files, folder), 1, mtime=0))
    return path


def write_folder(path: Path, files: Mapping[str, bytes]) -> Path:
    path.mkdir(parents=True)
    for name, content in files.items():
        (path / name).write_bytes(content)
    return path
