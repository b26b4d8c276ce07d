"""Layouts of CIFAR-10, CIFAR-100, STL-10 and MNIST as their authors publish them: files of raw pixels.

Sources: cs.toronto.edu/~kriz/cifar.html, cs.stanford.edu/~acoates/stl10, github.com/zalandoresearch/fashion-mnist.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from hitzoo.data.names import is_common_image, is_hidden
from hitzoo.errors import DataError


@dataclass(frozen=True, kw_only=True)
class PublishedSet:
    """One form of a data set. `splits` name the files of images, `default` is the split, or splits joined by +.

    An image is `planes` of `side` × `side` bytes, red, green and blue or one that is grey, row by row or `by_columns`.
    Before it are `label_bytes`; None means that a file is a pickled batch, whose labels are elsewhere in it. `is_idx`
    files begin with a header. All files of `marks` must be there, which tell the set from others with files of the same
    names; those of `beside` belong to it and are not read.
    """

    name: str
    splits: Mapping[str, tuple[str, ...]]
    side: int
    label_bytes: int | None
    planes: int = 3
    is_idx: bool = False
    default: str = "train"
    by_columns: bool = False
    marks: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def images(self) -> tuple[str, ...]:
        """Names of all files of images."""
        return tuple(name for names in self.splits.values() for name in names)

    @property
    def image_bytes(self) -> int:
        """Size of an image without its label."""
        return self.planes * self.side * self.side

    def belongs(self, name: str) -> bool:
        """True for a file of this set, read or not."""
        return name in (*self.images, *self.marks, *self.beside)

    def files_of(self, split: str | None) -> list[str]:
        """The files of a split, or of several that are joined by +, in the order given.

        Raises:
            ValueError: there is no such split, or one is named twice; the text says which there are.
        """
        chosen = (self.default if split is None else split).split("+")
        unknown = [name for name in chosen if name not in self.splits]
        if unknown:
            raise ValueError(f"has no split {unknown[0]!r}; {self.name} has {', '.join(self.splits)}, joined by +")
        if len(set(chosen)) < len(chosen):
            raise ValueError(f"names a split twice: {split}")
        return [file for name in chosen for file in self.splits[name]]


_GZ = ".gz"
_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))

SETS = (
    PublishedSet(
        name="CIFAR-10 (python)",
        splits={"train": _BATCHES, "test": ("test_batch",)},
        side=32,
        label_bytes=None,
        beside=("batches.meta", "readme.html"),
    ),
    PublishedSet(
        name="CIFAR-10 (binary)",
        splits={"train": tuple(f"{name}.bin" for name in _BATCHES), "test": ("test_batch.bin",)},
        side=32,
        label_bytes=1,
        beside=("batches.meta.txt", "readme.html"),
    ),
    PublishedSet(
        name="CIFAR-100 (python)",
        splits={"train": ("train",), "test": ("test",)},
        side=32,
        label_bytes=None,
        marks=("meta",),
        beside=("file.txt~",),
    ),
    PublishedSet(
        name="CIFAR-100 (binary)",
        splits={"train": ("train.bin",), "test": ("test.bin",)},
        side=32,
        label_bytes=2,  # of the coarse and of the fine class
        marks=("fine_label_names.txt",),
        beside=("coarse_label_names.txt",),
    ),
    PublishedSet(
        name="STL-10",
        splits={"train": ("train_X.bin",), "test": ("test_X.bin",), "unlabeled": ("unlabeled_X.bin",)},
        side=96,
        label_bytes=0,  # train_y.bin and test_y.bin hold them
        default="train+unlabeled",
        by_columns=True,
        beside=("train_y.bin", "test_y.bin", "class_names.txt", "fold_indices.txt"),
    ),
    PublishedSet(
        name="MNIST",  # Fashion-MNIST and Kuzushiji-MNIST have files of the same names
        splits={"train": ("train-images-idx3-ubyte",), "test": ("t10k-images-idx3-ubyte",)},
        side=28,
        planes=1,
        label_bytes=0,  # the other two files hold them
        is_idx=True,
        beside=("train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"),
    ),
)

NEEDED = frozenset(name for published in SETS for name in (*published.images, *published.marks))


def set_of(names: Collection[str]) -> PublishedSet | None:
    """Recognise a set by the names of its files; None for others.

    Raises:
        ValueError: the names are those of several sets.
    """
    found = [
        published
        for published in SETS
        if any(name in names for name in published.images) and all(name in names for name in published.marks)
    ]
    if len(found) > 1:
        raise ValueError(f"holds {' and '.join(published.name for published in found)}; keep one of them there")
    return found[0] if found else None


def set_in(folder: Path) -> PublishedSet | None:
    """Recognise the set whose files lie in a folder; None for others, and where images or folders lie beside them.

    Raises:
        OSError: the folder cannot be listed.
        DataError: it holds several sets, or one whose files are still compressed, each by itself.
    """
    names = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_common_image(entry.name) or (entry.is_dir() and not is_hidden(entry.name)):
                return None
            names.append(entry.name)
    try:
        found = set_of(names)
        packed = None if found else set_of([name.removesuffix(_GZ) for name in names])
    except ValueError as error:
        raise DataError(f"data {str(folder)!r}: {error}") from error
    if packed is not None:
        raise DataError(f"data {str(folder)!r}: the files of {packed.name} are still compressed; unpack them (gunzip)")
    return found
