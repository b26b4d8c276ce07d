"""Variables of other code beside ours: names, shapes, and how axes correspond.

TensorFlow's kernels: linear (in, out); query, key and value (in, heads, d); attention output (heads, d, out);
convolutions (kh, kw, in, out). PyTorch's learned maps: (1, channels, height, width), ours channels-last. Biases by
offset: (heads, rows, columns) from query to key, ours (rows · columns, heads) from key to query.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

HIT_GAN = "hit-gan"
"""The official HiT code, google-research/hit-gan."""


@dataclass(frozen=True, kw_only=True)
class Code:
    """Code whose weights convert from its state dicts: what it is, and on which terms its weights come.

    `successors` are words of other code for the same networks, whose names a file may have in the place of its own.
    """

    repository: str
    terms: str = ""
    successors: tuple[str, ...] = ()


CODES: Final[Mapping[str, Code]] = {
    "cips": Code(repository="saic-mdal/CIPS"),
    "r3gan": Code(repository="brownvc/R3GAN", terms="the repository states no licence for its code and weights"),
    "inr-gan": Code(
        repository="universome/inr-gan",
        terms="the code derives from NVIDIA's, which is licensed for non-commercial use only",
    ),
    "styleswin": Code(repository="microsoft/StyleSwin"),
    "stylenat": Code(repository="SHI-Labs/StyleNAT"),
    "stylegan2": Code(repository="rosinality/stylegan2-pytorch", successors=("stylegan2-ada",)),
    "stylegan2-ada": Code(
        repository="NVlabs/stylegan2-ada-pytorch",
        terms="NVIDIA's code and the weights that it published are licensed for non-commercial use only",
    ),
}
"""PyTorch code by the word after `--from`; families have the variables under the same word in `official`."""

Array: TypeAlias = NDArray[np.float32]
Shape: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Variable:
    """One variable under both names, with both shapes, and how their axes correspond.

    Without a name of `ours` it follows from the network's sizes, and is left out where a file has it. An `optional` one
    may be missing in a file; ours is then that of a new network. Variables of the same name of ours are the `form`s in
    which files have it, and those of one form its parts along the last axis, in their order.
    """

    theirs: str
    ours: str
    shape: Shape
    our_shape: Shape
    layout: Literal["same", "linear", "conv", "map", "offsets"] = "same"
    optional: bool = False
    form: str = ""

    def to_ours(self, array: Array) -> Array:
        """Their array as our tensor: outputs before inputs, heads and widths merged."""
        if self.layout == "conv":
            return np.ascontiguousarray(array.transpose(3, 2, 0, 1))
        if self.layout == "linear":
            outer, inner = self.our_shape
            return np.ascontiguousarray(array.reshape(inner, outer).T)
        if self.layout == "map":
            return np.ascontiguousarray(array.transpose(0, 2, 3, 1)).reshape(self.our_shape)
        if self.layout == "offsets":
            return np.ascontiguousarray(array[:, ::-1, ::-1].reshape(len(array), -1).T)
        return array.reshape(self.our_shape)

    def to_theirs(self, array: Array) -> Array:
        """The inverse."""
        if self.layout == "conv":
            return np.ascontiguousarray(array.transpose(2, 3, 1, 0))
        if self.layout == "linear":
            return np.ascontiguousarray(array.T).reshape(self.shape)
        if self.layout == "map":
            return np.ascontiguousarray(array.transpose(2, 0, 1)).reshape(self.shape)
        if self.layout == "offsets":
            return np.ascontiguousarray(array.T.reshape(self.shape)[:, ::-1, ::-1])
        return array.reshape(self.shape)


def recomputed(theirs: str) -> Variable:
    """A buffer of other code that follows from the network's sizes."""
    return Variable(theirs, "", (), ())


def of_linear(theirs: str, ours: str, inner: int, outer: Shape) -> Iterator[Variable]:
    """A linear layer's kernel and bias."""
    yield Variable(f"{theirs}/kernel", f"{ours}.weight", (inner, *outer), (prod(outer), inner), "linear")
    yield Variable(f"{theirs}/bias", f"{ours}.bias", outer, (prod(outer),))


def of_conv(theirs: str, ours: str, size: int, inner: int, outer: int, *, bias: bool = True) -> Iterator[Variable]:
    """A convolution's kernel and bias."""
    shape, our_shape = (size, size, inner, outer), (outer, inner, size, size)
    yield Variable(f"{theirs}/kernel", f"{ours}.weight", shape, our_shape, "conv")
    if bias:
        yield Variable(f"{theirs}/bias", f"{ours}.bias", (outer,), (outer,))


def of_norm(theirs: str, ours: str, width: int, kind: str) -> Iterator[Variable]:
    """A norm's scale and shift, a batch norm's statistics too; a pixel norm has no variables."""
    if kind == "pixel":
        return
    names = {"gamma": "weight", "beta": "bias"}
    if kind == "batch":
        names |= {"moving_mean": "running_mean", "moving_variance": "running_var"}
    for their_name, our_name in names.items():
        yield Variable(f"{theirs}/{their_name}", f"{ours}.{our_name}", (width,), (width,))
