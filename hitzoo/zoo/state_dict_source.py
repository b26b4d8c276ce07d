"""Reading the state dicts of PyTorch code: a checkpoint of `torch.save`, safetensors, or an .npz of arrays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from numpy.typing import NDArray

from hitzoo.errors import WeightsError
from hitzoo.zoo.hit_gan_source import AVERAGE as HIT_GAN_AVERAGE
from hitzoo.zoo.hit_gan_source import LIVE as HIT_GAN_LIVE
from hitzoo.zoo.hit_gan_source import read_npz
from hitzoo.zoo.torch_file import read_torch_file
from hitzoo.zoo.weights import read_tensors

AVERAGE, LIVE, CRITIC, BARE = "g_ema", "g", "d", "generator alone"
"""The parts of a checkpoint: the averaged and the live generator, and the discriminator; or a file of one generator."""

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    AVERAGE: ("g_ema", "G_ema", "avg_gen_state_dict"),
    LIVE: ("g", "G", "gen_state_dict", "generator"),
    CRITIC: ("d", "D", "dis_state_dict", "discriminator"),
    BARE: ("state_dict",),
}
"""What code calls the parts; of two names for one the first counts."""
_PARTS: Final = {name: part for part, names in _NAMES.items() for name in names}
_IN_WORDS: Final = {AVERAGE: "averaged generator", LIVE: "live generator", CRITIC: "discriminator"}
_INSIDE: Final = "state_dicts"
_PREFIX: Final = "module."
_WRAPPED: Final = re.compile(r"^(module\.|_orig_mod\.)+")
"""What parallel training and torch.compile put before names."""


@dataclass(frozen=True)
class StateDicts:
    """The tensors of each part by name, without the prefixes of parallel training and of torch.compile.

    `beside` are tensors that lie in no part, `others` the names of what else the file holds, which is not used. `names`
    are the file's for the parts, `prefixed` says whether its tensors have the prefix, and `file` is what messages call
    it.
    """

    parts: Mapping[str, Mapping[str, torch.Tensor]]
    beside: Mapping[str, torch.Tensor]
    others: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    prefixed: bool = False
    file: str = "the source"

    def name_of(self, part: str) -> str:
        """The name of a part in the file."""
        return self.names.get(part, part)


def read_state_dicts(path: Path) -> StateDicts:
    """Read the tensors of a file, on the CPU.

    Raises:
        WeightsError: no such file, damaged, or it holds other things than tensors and plain values.
    """
    content = _content(path)
    if not isinstance(content, Mapping):
        raise WeightsError(f"{path} holds a {type(content).__name__}, not a dict of tensors")
    inside = content.get(_INSIDE)
    content = {**content, **inside} if isinstance(inside, Mapping) else content
    names = _names_in(content)
    parts = {part: content[name] for part, name in names.items()} or {BARE: content}
    beside = {} if not names else {str(name): value for name, value in content.items() if torch.is_tensor(value)}
    tensors = {part: dict(_tensors(state.items())) for part, state in parts.items()}
    if not any(tensors.values()):
        raise WeightsError(_without_tensors(path, content))
    used = (
        {*names.values(), *beside, _INSIDE}
        if names
        else {*filter(lambda name: torch.is_tensor(content[name]), content)}
    )
    others = tuple(str(name) for name in content if name not in used)
    prefixed = any(str(name).startswith(_PREFIX) for state in parts.values() for name in state)
    return StateDicts(tensors, beside, others, names, prefixed, str(path))


def part_of(name: str) -> str:
    """The part that a file's name means; a file of one generator for any other."""
    return _PARTS.get(name, BARE)


def converted_in_words(name: str) -> str:
    """Say what a generator is that was taken from another code's part of this name."""
    part = AVERAGE if name == HIT_GAN_AVERAGE else LIVE if name == HIT_GAN_LIVE else part_of(name)
    if part == AVERAGE:
        return "moving average of the generator"
    if part == LIVE:
        return "the generator itself, not its moving average"
    return "a generator; its source does not say whether it is an average"


def generator_part(source: StateDicts, which: str | None) -> str:
    """The part to take the generator from: `which`, by default the average where there is one.

    Raises:
        WeightsError: the source has none, or not that one.
    """
    possible = [part for part in (AVERAGE, LIVE, BARE) if part in source.parts]
    if which is None and possible:
        return possible[0]
    if which in possible:
        return str(which)
    way_on = "leave --which out" if possible else f"a generator is called {', '.join(_generators())}"
    raise WeightsError(_missing(source, _IN_WORDS[which] if which else "generator", way_on))


def refuse_without_discriminator(source: StateDicts) -> None:
    """Say that a source has no discriminator.

    Raises:
        WeightsError: it has none.
    """
    if CRITIC not in source.parts:
        raise WeightsError(_missing(source, _IN_WORDS[CRITIC], "leave --with-discriminator out"))


def _missing(source: StateDicts, wanted: str, way_on: str) -> str:
    has = ", ".join("one state dict alone" if part == BARE else source.name_of(part) for part in source.parts)
    return f"{source.file} has no {wanted}; it has {has}: {way_on}"


def _generators() -> Iterable[str]:
    return (name for part in (AVERAGE, LIVE, BARE) for name in _NAMES[part])


def _names_in(content: Mapping[Any, Any]) -> dict[str, str]:
    """The name of each part that a file has, by part."""
    found: dict[str, str] = {}
    for name, part in _PARTS.items():
        if isinstance(content.get(name), Mapping):
            found.setdefault(part, name)
    return found


def _without_tensors(path: Path, content: Mapping[Any, Any]) -> str:
    has = ", ".join(map(str, list(content)[:8])) or "nothing"
    if any(isinstance(value, Mapping) and any(_tensors(value.items())) for value in content.values()):
        return f"{path} has no generator: its entries are {has}; a generator is called {', '.join(_generators())}"
    return f"{path} holds no tensors; it has {has}"


def _content(path: Path) -> Any:
    if path.suffix == ".safetensors":
        return _nested(read_tensors(path))
    if path.suffix == ".npz":
        return _nested({name: _tensor(array) for name, array in read_npz(path).items()})
    content = read_torch_file(path)
    return _nested(content) if isinstance(content, Mapping) else content


def _tensor(array: NDArray[Any]) -> Any:
    """An array of numbers in any byte order as a tensor; words and other arrays as they are."""
    if array.dtype.kind not in "fiub":
        return array
    return torch.from_numpy(array.astype(array.dtype.newbyteorder("="), copy=False))


def _nested(content: Mapping[Any, Any]) -> dict[Any, Any]:
    """Tensors under names such as `g_ema.conv1.weight` as a dict of dicts, everything else as it is."""
    nested: dict[Any, Any] = {}
    for name, value in content.items():
        part, dot, rest = str(name).partition(".")
        if dot and part in _PARTS and torch.is_tensor(value) and isinstance(nested.setdefault(part, {}), dict):
            nested[part][rest] = value
        else:
            nested[name] = value
    return nested


def _tensors(items: Iterable[tuple[Any, Any]]) -> Iterable[tuple[str, torch.Tensor]]:
    return ((_WRAPPED.sub("", str(name)), value) for name, value in items if torch.is_tensor(value))
